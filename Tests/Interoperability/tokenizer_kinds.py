"""The kinds of tokenizers that models for sentences have, trained on given lines with the PyPI package `tokenizers`."""

import unicodedata

from charsmap import charsmap
from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers,
)

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def nfkc_charsmap(scalars=range(0x20000)):
    """What SentencePiece's `nmt_nfkc` is for single scalars: compatible ones and white space, controls removed."""
    pairs = {}
    for scalar in scalars:
        if scalar in range(0xD800, 0xE000) or scalar in range(0xAC00, 0xD7A4):
            continue
        text = unicodedata.normalize("NFKC", chr(scalar))
        if unicodedata.category(chr(scalar)) in ("Cc", "Cf"):
            text = " " if chr(scalar) in "\t\n\r\u200b\ufeff" else ""
        if text != chr(scalar) and scalar:
            pairs[chr(scalar)] = text
    for letter in "aeiouAEIOU":
        for mark in "\u0300\u0301\u0302":
            pairs[letter + mark] = unicodedata.normalize("NFC", letter + mark)
    return charsmap(pairs)


def template(tokenizer, start, end, pair):
    """`start A end`, and a pair."""
    ids = [(token, tokenizer.token_to_id(token)) for token in (start, end)]
    return processors.TemplateProcessing(single=f"{start} $A {end}", pair=pair, special_tokens=ids)


def word_piece(lines, size, lowercase):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, limit_alphabet=size // 3)
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = template(tokenizer, "[CLS]", "[SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")
    return tokenizer


def byte_pairs(lines, size, special, normalizer=None, pre_tokenizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer or pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def roberta(lines, size):
    tokenizer = byte_pairs(lines, size, ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    ends = (("</s>", 2), ("<s>", 0))
    tokenizer.post_processor = processors.RobertaProcessing(*ends, trim_offsets=True, add_prefix_space=False)
    return tokenizer


def modern_bert(lines, size):
    tokenizer = byte_pairs(lines, size, ["<|padding|>", "<|endoftext|>"], normalizers.NFC())
    tokenizer.add_tokens([AddedToken(" " * count, normalized=True) for count in range(24, 1, -1)])
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", AddedToken("[MASK]", lstrip=True)])
    tokenizer.post_processor = template(tokenizer, "[CLS]", "[SEP]", "[CLS] $A [SEP] $B [SEP]")
    return tokenizer


def llama3(lines, size):
    split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = byte_pairs(
        lines, size, ["<|endoftext|>", "<|im_start|>"], pre_tokenizer=pre_tokenizers.Sequence([split, byte_level])
    )
    end = ("<|endoftext|>", tokenizer.token_to_id("<|endoftext|>"))
    ends = processors.TemplateProcessing(single="$A <|endoftext|>", pair="$A $B <|endoftext|>", special_tokens=[end])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), ends])
    return tokenizer


def sentence_piece_pairs(lines, size):
    """Llama 2's kind: SentencePiece's BPE, unknown scalars in bytes."""
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, limit_alphabet=size // 4)
    tokenizer.train_from_iterator(lines, trainer)
    # The pieces for bytes are not to be found in texts.
    tokenizer = without_added(tokenizer, special[3:])
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.post_processor = template(tokenizer, "<s>", "</s>", "<s> $A </s> $B:1 </s>:1")
    return tokenizer


def without_added(tokenizer, names):
    import json
    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = [token for token in description["added_tokens"] if token["content"] not in names]
    return Tokenizer.from_str(json.dumps(description))


def unigram(lines, size, normalizer, pre_tokenizer, special):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=special, unk_token="<unk>", max_piece_length=12)
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def xlm_roberta(lines, size, charsmap):
    split = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer = unigram(lines, size, normalizers.Precompiled(charsmap), split, ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = template(tokenizer, "<s>", "</s>", "<s> $A </s> </s> $B </s>")
    return tokenizer


def bge_m3(lines, size, charsmap):
    normalizer = normalizers.Sequence([
        normalizers.Precompiled(charsmap), normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "\u2581"),
    ])
    tokenizer = unigram(lines, size, normalizer, pre_tokenizers.Metaspace(), ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = template(tokenizer, "<s>", "</s>", "<s> $A </s> </s> $B </s>")
    return tokenizer


def albert(lines, size):
    """ALBERT's kind without its map of characters, and with the older pre-tokenizers."""
    normalizer = normalizers.Sequence([
        normalizers.Nmt(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
        normalizers.Replace("``", '"'),
    ])
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("isolated"),
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Metaspace(),
    ])
    tokenizer = unigram(lines, size, normalizer, split, ["[PAD]", "<unk>", "[CLS]", "[SEP]", "[MASK]"])
    ids = [(token, tokenizer.token_to_id(token)) for token in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ids)
    return tokenizer


def kinds(charsmap):
    """Every kind's name, with what trains it on lines to a number of pieces."""
    return {
        "bert-uncased": lambda lines, size: word_piece(lines, size, lowercase=True),
        "bert-cased": lambda lines, size: word_piece(lines, size, lowercase=False),
        "roberta": roberta,
        "modern-bert": modern_bert,
        "llama-3": llama3,
        "llama-2": sentence_piece_pairs,
        "xlm-roberta": lambda lines, size: xlm_roberta(lines, size, charsmap),
        "bge-m3": lambda lines, size: bge_m3(lines, size, charsmap),
        "albert": albert,
    }
