#!/usr/bin/env python3
"""The speed of sentence encoders: we, ONNX Runtime, CTranslate2 and torch in turn on the same texts and the same model,
float32, equal threads; and we in 8 bits.

Each side turns texts into vectors, tokens included; the peers' tokenizer is `tokenizers`, pooling is numpy's. Workloads:
  queries    short queries one by one
  paragraphs texts of 128 tokens in batches of 32
  given      texts of 6 to 256 tokens in batches of 32, in the order given
  sorted     the same, sorted by length
  singly     the same, one by one
With --articles, a file of Wikipedia's articles (topic, title, description, text; Scripts/data.sh wiki), it also measures what
8 bits cost: nDCG@10 of every third article that has a topic, found by its description among them.
Where SWIFT_FAISS_SIMD holds us to less than this processor has, peers are held to the same as far as they can be.
Prints a Markdown table of texts per second, the medians of runs in turn.

    encoder.py MODEL_FOLDER            a BERT-like folder with model.safetensors and tokenizer.json, such as MiniLM's
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from compare import LEVEL, VECTORS

PEERS_LEVEL = {"avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
                        "CT2_FORCE_CPU_ISA": "AVX2"}}.get(LEVEL, {})
WORKLOADS = {"queries": 1, "paragraphs": 32, "given": 32, "sorted": 32, "singly": 1}

# One process a side, which reads workloads from its standard input and answers with seconds.
SIDE = r"""
import json, os, sys, time
import numpy as np
from tokenizers import Tokenizer
side, folder, scratch, threads = sys.argv[1:5]
threads = int(threads)
tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation(256)
def padded(batch):
    encoded = [e.ids for e in tokenizer.encode_batch(batch)]
    longest = max(map(len, encoded))
    ids = np.zeros((len(encoded), longest), np.int64)
    mask = np.zeros((len(encoded), longest), np.int64)
    for row, text in enumerate(encoded):
        ids[row, :len(text)] = text
        mask[row, :len(text)] = 1
    return encoded, ids, mask
if side.startswith("onnxruntime"):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    name = "int8.onnx" if side.endswith("int8") else "model.onnx"
    session = onnxruntime.InferenceSession(scratch + "/" + name, options, providers=["CPUExecutionProvider"])
    def states(encoded, ids, mask):
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return session.run(None, {i.name: feeds[i.name] for i in session.get_inputs()})[0]
elif side.startswith("ctranslate2"):
    import ctranslate2
    encoder = ctranslate2.Encoder(scratch + "/ct2", intra_threads=threads, inter_threads=1,
                                  compute_type="int8" if side.endswith("int8") else "float32")
    def states(encoded, ids, mask):
        return np.array(encoder.forward_batch(encoded).last_hidden_state)
else:
    import torch
    from transformers import AutoModel
    torch.set_num_threads(threads)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    def states(encoded, ids, mask):
        with torch.inference_mode():
            return model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state.numpy()
def encode(batch):
    encoded, ids, mask = padded(batch)
    hidden = states(encoded, ids, mask)
    pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
for line in sys.stdin:
    texts, size, output = json.loads(line)
    start, cpu = time.perf_counter(), time.process_time()
    vectors = [encode(texts[i:i + size]) for i in range(0, len(texts), size)]
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    if output:
        np.save(output, np.concatenate(vectors))
    print(json.dumps([seconds, cpu]), flush=True)
"""


def export(folder, scratch):
    import ctranslate2.converters
    import onnxruntime.quantization
    import torch
    from transformers import AutoModel
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    example = {name: torch.ones(2, 16, dtype=torch.long) for name in ("input_ids", "attention_mask", "token_type_ids")}
    axes = {name: {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC} for name in example}
    torch.onnx.export(model, kwargs=example, f=scratch + "/model.onnx", dynamic_shapes=axes, dynamo=True,
                      input_names=list(example), external_data=False)
    onnxruntime.quantization.quantize_dynamic(scratch + "/model.onnx", scratch + "/int8.onnx", per_channel=True)
    ctranslate2.converters.TransformersConverter(folder).convert(scratch + "/ct2", force=True)


def workloads(folder, count, scale):
    """Texts of the model's own words, from a fixed seed."""
    import random
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    words = [word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha() and len(word) > 2]
    words.sort()
    draw = random.Random(1)

    def text(tokens):
        return " ".join(draw.choice(words) for _ in range(tokens - 2))

    mixture = [text(draw.randint(6, 256)) for _ in range(count)]
    return {"queries": [text(8) for _ in range(int(200 * scale))], "paragraphs": [text(128) for _ in range(count)],
            "given": mixture, "sorted": sorted(mixture, key=len), "singly": mixture}


class Ours:
    def __init__(self, folder, scratch, threads, precision):
        self.arguments = [VECTORS, "embed", folder]
        self.options = ["--precision", precision, "--threads", str(threads), "--json"]
        self.scratch = scratch

    def run(self, texts, size, output=None, rounds=2):
        path = self.scratch + "/texts"
        pathlib.Path(path).write_text("".join(text + "\n" for text in texts))
        output = output or self.scratch + "/ours.npy"
        done = subprocess.run([*self.arguments, path, "--output", output, "--batch", str(size), "--rounds", str(rounds),
                               *self.options], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"vectors embed: {done.stderr.strip()}")
        # The second round: the first one touches its memory for the first time, as the peers' warm-up does.
        return json.loads(done.stdout.splitlines()[-1])["round_seconds"][-1]


class Peer:
    def __init__(self, side, folder, scratch, threads):
        # Idle threads of a peer must not take the time of the next side.
        environment = os.environ | PEERS_LEVEL | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive",
                                                  "KMP_BLOCKTIME": "0", "TOKENIZERS_PARALLELISM": "false"}
        self.process = subprocess.Popen([sys.executable, "-c", SIDE, side, folder, scratch, str(threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env=environment)

    def run(self, texts, size, output=None):
        self.process.stdin.write(json.dumps([texts, size, output]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("a peer ended: its packages are in Benchmarks/Peers/encoder-requirements.txt")
        return json.loads(answer)[0]


def found_by_description(side, articles, scratch):
    """nDCG@10 of the articles, each asked for by its description."""
    import numpy as np
    path = scratch + "/articles.npy"

    def encoded(texts):
        side.run(texts, len(texts), path, rounds=1)
        return np.load(path)

    texts, descriptions = encoded([text for text, _ in articles]), encoded([description for _, description in articles])
    gains = []
    for row, scores in enumerate(descriptions @ texts.T):
        rank = int((scores > scores[row]).sum())
        gains.append(1 / np.log2(rank + 2) if rank < 10 else 0)
    return float(np.mean(gains))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a BERT-like model's folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=96, help="of each workload but the queries")
    parser.add_argument("--exported", help="a folder for the peers' models, which are made where they are missing")
    parser.add_argument("--sides", default="ours,ours-int8,onnxruntime,ctranslate2,torch,onnxruntime-int8,ctranslate2-int8")
    parser.add_argument("--articles", help="articles.tsv")
    arguments = parser.parse_args()
    import numpy as np
    with tempfile.TemporaryDirectory() as scratch:
        exported = arguments.exported or scratch
        os.makedirs(exported, exist_ok=True)
        if not os.path.exists(exported + "/ct2"):
            export(arguments.model, exported)
        names = arguments.sides.split(",")
        sides = {name: Ours(arguments.model, scratch, arguments.threads, "int8" if name.endswith("int8") else "float32")
                 if name.startswith("ours") else Peer(name, arguments.model, exported, arguments.threads)
                 for name in names}
        texts = workloads(arguments.model, arguments.texts, arguments.texts / 96)
        vectors = {}
        for name, side in sides.items():
            side.run(texts["given"][:64], 32, output=f"{scratch}/{name}.npy")
            vectors[name] = np.load(f"{scratch}/{name}.npy")
        reference = vectors.get("torch", next(iter(vectors.values())))
        ratios = [(kind, [name for name in names if not name.startswith("ours") and name.endswith("int8") == bool(kind)])
                  for kind in ("", "-int8") if "ours" + kind in names]
        ratios = [(kind, peers) for kind, peers in ratios if peers]
        print("| | " + " | ".join(names) + "".join(f" | ours{kind} to the best peer" for kind, _ in ratios) + " |")
        print("|---" * (len(names) + len(ratios) + 1) + "|")
        for workload, size in WORKLOADS.items():
            seconds = {name: [] for name in names}
            for _ in range(arguments.rounds):
                for name, side in sides.items():
                    seconds[name].append(side.run(texts[workload], size))
            speed = {name: len(texts[workload]) / statistics.median(seconds[name]) for name in names}
            print(f"| {workload} | " + " | ".join(f"{speed[name]:.1f}" for name in names)
                  + "".join(f" | **{speed['ours' + kind] / max(speed[peer] for peer in peers):.2f} ×**"
                            for kind, peers in ratios) + " |", flush=True)
        print("| least cosine to float32 | " + " | ".join(
            f"{(vectors[name] * reference).sum(1).min():.5f}" for name in names) + " |" + " |" * len(ratios))
        if arguments.articles:
            rows = [line.split("\t") for line in open(arguments.articles, encoding="utf-8").read().split("\n") if line]
            articles = [(row[3], row[2]) for row in rows if row[0] and row[2]][::3]
            print(f"| nDCG@10 of {len(articles)} articles by their descriptions | " + " | ".join(
                f"{found_by_description(sides[name], articles, scratch):.4f}" if name.startswith("ours") else ""
                for name in names) + " |" + " |" * len(ratios))


if __name__ == "__main__":
    main()
