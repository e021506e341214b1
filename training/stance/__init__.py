"""Training of the stance models: data mixture, mined neutrals, rule-made pairs, the run, export and calibration."""
