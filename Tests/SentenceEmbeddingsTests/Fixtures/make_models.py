#!/usr/bin/env python3
"""Makes the small models of this folder, with random weights, and what Python computes with them.

Not to be run again without need: tokenizers and weights come out differently each time, so the models are kept as files,
together with their results. Needs
    pip install "torch==2.13.0+cpu" transformers==5.24.0 sentence-transformers==6.2.0 model2vec==0.10.0

Each folder holds a model as Hugging Face lays it out, and
    reference.json  "ids": token ids of several lengths, up to the last position; "texts"; "prompt" if one was used
    states.npy      the last hidden states of all those ids, one token a row
    vectors.npy     the vectors of the texts, by sentence-transformers (static: by model2vec)
    scores.npy      for the cross-encoder: the scores of the texts as passages for the first of them
"""

import json
import pathlib
import shutil
import sys

import numpy as np
import torch
from model2vec import StaticModel
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (BertConfig, BertForSequenceClassification, BertModel, DistilBertConfig, DistilBertModel,
                          ModernBertConfig, ModernBertModel, MPNetConfig, MPNetModel, PreTrainedTokenizerFast,
                          RobertaConfig, RobertaModel, XLMRobertaConfig, XLMRobertaModel)

FOLDER = pathlib.Path(__file__).resolve().parent
PIECES = 180
SENTENCES = [
    "A small boat crosses the calm lake at dawn.", "How do I reset my router?", "The ledger lists every payment.",
    "Water turns into ice when it is cold.", "Plants make sugar out of light, water and air.",
    "The king of France lived in a palace.", "Trains leave the station every hour.", "She plays the violin in the evening.",
    "Nobody knows where the old map went.", "Bread is baked from flour, water, salt and yeast.",
    "The river carries sand to the sea.", "He repaired the engine with a piece of wire.",
    "Stars shine brightly above the desert.", "Children learn to read at school.", "The committee rejected the proposal.",
    "Café crème & naïve façade", "Numbers such as 3, 14 and 159 stand here.", "Zürich and Łódź are cities.",
]
TEXTS = SENTENCES[:4] + ["", "unknown: 北京 \U0001f600", " ".join(SENTENCES)]


def word_piece(special):
    tokenizer = Tokenizer(models.WordPiece(unk_token=special["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(
        vocab_size=PIECES, special_tokens=list(special.values())))
    return tokenizer


def byte_pairs(special):
    # No alphabet of 256 bytes, which would take more than all the rest: bytes that the sentences lack are unknown.
    tokenizer = Tokenizer(models.BPE(unk_token=special["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=PIECES, special_tokens=list(special.values())))
    return tokenizer


def unigram(special):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(SENTENCES, trainers.UnigramTrainer(
        vocab_size=PIECES, special_tokens=list(special.values()), unk_token=special["unk_token"]))
    return tokenizer


BERT = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
ROBERTA = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "mask_token": "<mask>"}


def wrapped(tokenizer, special, types, limit):
    first = special.get("cls_token", special.get("bos_token"))
    last = special.get("sep_token", special.get("eos_token"))
    second = "$B:1 {last}:1" if types == 2 else "{last} $B {last}" if first == "<s>" else "$B {last}"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {last} {second.format(last=last)}",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in (first, last)])
    inputs = ["input_ids", "attention_mask"] + (["token_type_ids"] if types == 2 else [])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=limit, model_input_names=inputs,
                                   **special, **({"cls_token": first, "sep_token": last} if first == "<s>" else {}))


def noisy(model):
    """Biases would be zero and gains one, and hide mistakes."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter += 0.1 * torch.randn_like(parameter)
            else:
                parameter *= 4
    return model.eval()


def save(name, make, config, tokenizer, type=torch.float32, shard=None):
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    model = noisy(make(config)).to(type)
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    tokenizer.save_pretrained(folder)
    return folder, model.float()


def states(folder, model, limit, vocabulary):
    random = np.random.default_rng(1)
    ids = [random.integers(0, vocabulary, length).tolist() for length in (1, 2, 7, 33, limit)]
    with torch.no_grad():
        rows = [model(input_ids=torch.tensor([text]), attention_mask=torch.ones(1, len(text), dtype=torch.long),
                      # Positions as behind one another: a padding id in the middle would not be counted.
                      position_ids=positions(model, len(text))).last_hidden_state[0] for text in ids]
    np.save(folder / "states.npy", torch.cat(rows).numpy().astype(np.float32))
    return ids


def positions(model, count):
    first = {"roberta": 2, "xlm-roberta": 2, "mpnet": 2}.get(model.config.model_type, 0)
    return torch.arange(first, first + count)[None]


def write(folder, **content):
    (folder / "reference.json").write_text(json.dumps(content, ensure_ascii=False) + "\n")


def transformer(name, make, config, tokenizer, limit, modules=None, prompts=None, **options):
    folder, model = save(name, make, config, tokenizer, **options)
    base = make.from_pretrained(folder, dtype=torch.float32).eval()
    ids = states(folder, base, limit, config.vocab_size)
    if modules:
        transformer = Transformer(str(folder), max_seq_length=limit, model_kwargs={"dtype": torch.float32})
        model = SentenceTransformer(modules=[transformer, *modules(transformer.get_embedding_dimension())],
                                    prompts=prompts, default_prompt_name=next(iter(prompts)) if prompts else None)
        scratch = FOLDER / "scratch"
        model.save(str(scratch))
        for path in ["modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling",
                     "2_Dense", "3_Normalize", "2_Normalize"]:
            if (scratch / path).is_dir():
                shutil.copytree(scratch / path, folder / path)
            elif (scratch / path).exists():
                shutil.copy(scratch / path, folder / path)
        shutil.rmtree(scratch)
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    np.save(folder / "vectors.npy", model.encode(TEXTS, batch_size=1).astype(np.float32))
    write(folder, ids=ids, texts=TEXTS, maximumTokens=model.max_seq_length)
    print(name, model.max_seq_length, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))


def main():
    torch.manual_seed(7)
    torch.set_num_threads(2)
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    half, brain = torch.float16, torch.bfloat16
    only = sys.argv[1:]

    def wanted(name):
        return not only or name in only

    bert = wrapped(word_piece(BERT), BERT, 2, 64)
    if wanted("bert"):
        transformer("bert", BertModel, BertConfig(vocab_size=len(bert), max_position_embeddings=64, **sizes), bert, 64,
                    lambda dimension: [Pooling(dimension, "mean"), Normalize()])
    if wanted("distilbert"):
        transformer("distilbert", DistilBertModel,
                    DistilBertConfig(vocab_size=len(bert), max_position_embeddings=64, dim=32, n_layers=2, n_heads=4,
                                     hidden_dim=64, activation="relu"), bert, 64,
                    lambda dimension: [Pooling(dimension, "cls"), Dense(dimension, 24), Normalize()], type=half)
    roberta = wrapped(byte_pairs(ROBERTA), ROBERTA, 1, 64)
    if wanted("roberta"):
        transformer("roberta", RobertaModel, RobertaConfig(
            vocab_size=len(roberta), max_position_embeddings=66, type_vocab_size=1, pad_token_id=1,
            hidden_act="gelu_new", **sizes), roberta, 64,
            lambda dimension: [Pooling(dimension, ("max", "mean"))], {"query": "query: ", "passage": "passage: "},
            type=half, shard="30KB")
    multilingual = wrapped(unigram(ROBERTA), ROBERTA, 1, 64)
    if wanted("xlm-roberta"):
        transformer("xlm-roberta", XLMRobertaModel, XLMRobertaConfig(
            vocab_size=len(multilingual), max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, **sizes),
            multilingual, 64, type=brain)
    if wanted("mpnet"):
        special = ROBERTA | {"unk_token": "[UNK]"}
        mpnet = wrapped(word_piece(special), special, 0, 190)
        # Positions enough for the buckets of distances that share.
        transformer("mpnet", MPNetModel, MPNetConfig(
            vocab_size=len(mpnet), max_position_embeddings=192, pad_token_id=1, **sizes), mpnet, 190, type=brain)
    if wanted("modernbert"):
        modern = wrapped(byte_pairs(BERT), BERT, 0, 64)
        transformer("modernbert", ModernBertModel, ModernBertConfig(
            vocab_size=len(modern), max_position_embeddings=64, local_attention=8, global_attn_every_n_layers=3,
            pad_token_id=modern.pad_token_id, cls_token_id=modern.cls_token_id, sep_token_id=modern.sep_token_id,
            bos_token_id=modern.cls_token_id, eos_token_id=modern.sep_token_id,
            **sizes | {"num_hidden_layers": 4}), modern, 64, type=half)
    if wanted("cross-encoder"):
        config = BertConfig(vocab_size=len(bert), max_position_embeddings=64, num_labels=1, **sizes)
        folder, _ = save("cross-encoder", BertForSequenceClassification, config, bert, type=half)
        model = CrossEncoder(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
        scores = model.predict([(TEXTS[0], text) for text in TEXTS], batch_size=1)
        np.save(folder / "scores.npy", scores.astype(np.float32)[:, None])
        write(folder, texts=TEXTS)
    for name in ("static", "static-embedding"):
        if wanted(name):
            static(name)


def static(name):
    """The same kind of model as Model2Vec's package reads it, and as sentence-transformers does."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    random = np.random.default_rng(2)
    tokenizer = word_piece(BERT)
    count = tokenizer.get_vocab_size()
    if name == "static":
        model = StaticModel(vectors=random.integers(-127, 128, (60, 24)).astype(np.int8), tokenizer=tokenizer,
                            weights=random.random(count).astype(np.float32),
                            token_mapping=random.integers(0, 60, count), normalize=True)
        model.save_pretrained(folder)
        for path in ("README.md", "modules.json"):
            (folder / path).unlink(missing_ok=True)
        vectors = StaticModel.from_pretrained(folder).encode(TEXTS)
    else:
        module = StaticEmbedding(tokenizer, embedding_weights=random.standard_normal((count, 24)).astype(np.float32))
        SentenceTransformer(modules=[module, Normalize()]).save(str(folder))
        (folder / "README.md").unlink()
        vectors = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    np.save(folder / "vectors.npy", vectors.astype(np.float32))
    write(folder, texts=TEXTS)


main()
