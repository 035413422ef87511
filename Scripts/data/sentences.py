"""Embeds every third article that has a topic: sentences.py ARTICLES_TSV MODEL_ONNX TOKENIZER_JSON OUTPUT_FOLDER

What any user of sentence embeddings has: an array of floats, saved by numpy.
"""

import sys

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

articles, model, tokenizer, folder = sys.argv[1:]
with open(articles, encoding="utf-8") as file:
    fields = [line.rstrip("\n").split("\t") for line in file]
chosen = [fields for fields in fields if fields[0]][::3]

tokenizer = Tokenizer.from_file(tokenizer)
tokenizer.enable_truncation(128)  # sentence-transformers' own limit for this model
tokenizer.no_padding()
session = onnxruntime.InferenceSession(model)


def embed(batch):
    """The mean of the tokens' vectors, scaled to length 1, as sentence-transformers pools for this model."""
    shape = (len(batch), max(len(text) for text in batch))
    tokens, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for row, text in enumerate(batch):
        tokens[row, : len(text)], mask[row, : len(text)] = text.ids, 1
    inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros(shape, np.int64)}
    (hidden,) = session.run(None, inputs)
    # Padding has no say: its vectors are left out of the sum, and lengths don't matter to a direction.
    sums = (hidden * mask[:, :, None]).sum(axis=1)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def save(name, texts):
    encoded = tokenizer.encode_batch(texts)
    # Texts of like length together, so that there is little padding.
    order = sorted(range(len(encoded)), key=lambda number: len(encoded[number]))
    embeddings = np.empty((len(encoded), 384), np.float32)
    for start in range(0, len(order), 16):
        numbers = order[start : start + 16]
        embeddings[numbers] = embed([encoded[number] for number in numbers])
        if sys.stderr.isatty():
            print(f"\rembedding {start + len(numbers)} of {len(order)} {name}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    np.save(f"{folder}/{name}.npy", embeddings)


save("texts", [text for _, _, _, text in chosen])
save("descriptions", [description for _, _, description, _ in chosen])
with open(f"{folder}/titles.txt", "w", encoding="utf-8") as file:
    for _, title, _, _ in chosen:
        print(title, file=file)
