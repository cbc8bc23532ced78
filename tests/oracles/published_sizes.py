"""Parameters of published models, by the names of our presets; a tied output layer counts once."""

PUBLISHED = {
    "GPT2_SMALL": 124_439_808,
    "GPT2_MEDIUM": 354_823_168,
    "GPT2_LARGE": 774_030_080,
    "GPT2_XL": 1_557_611_200,
    "LLAMA2_7B": 6_738_415_616,
    "LLAMA2_13B": 13_015_864_320,
    "LLAMA2_70B": 68_976_648_192,
    "LLAMA3_8B": 8_030_261_248,
    "LLAMA3_70B": 70_553_706_496,
    "SMOLLM2_135M": 134_515_008,
}
