#!/usr/bin/env python3
"""Writes scikit-learn's bundled handwritten digits (8x8, 1797 samples) as train.npz and test.npz, the classes in equal parts.

Usage: demo-data.py FOLDER
"""
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def main(folder):
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    parts = train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=0)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "train.npz", image=parts[0], label=parts[2])
    np.savez(folder / "test.npz", image=parts[1], label=parts[3])


main(pathlib.Path(sys.argv[1]))
