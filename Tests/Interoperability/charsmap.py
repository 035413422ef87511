"""Makes the `precompiled_charsmap` of SentencePiece: a double array over the keys' UTF-8, and what replaces them."""

import struct


def charsmap(replacements):
    """The bytes for a dictionary from strings to strings, which `tokenizers.normalizers.Precompiled` takes."""
    texts, place_of, trie = bytearray(), {}, {}
    for key, value in replacements.items():
        if value not in place_of:
            place_of[value] = len(texts)
            texts += value.encode() + b"\0"
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = place_of[value]

    units, used, targets, first_free = [0] * 1024, bytearray(1024), set(), 1
    used[0] = 1
    stack = [(0, trie)]
    while stack:
        node, children = stack.pop()
        labels = [label or 0 for label in children]
        while first_free < len(used) and used[first_free]:
            first_free += 1
        start = first_free
        while True:
            target = start ^ labels[0]
            while len(units) <= start | 0xFF:
                units.extend([0] * 1024)
                used.extend(bytes(1024))
            offset = node ^ target
            encodable = offset < 1 << 21 or offset & 0xFF == 0
            if target not in targets and encodable and not any(used[target ^ label] for label in labels):
                break
            start += 1
        if len(labels) == 1:
            first_free = start
        targets.add(target)
        units[node] |= offset << 10 if offset < 1 << 21 else offset >> 8 << 10 | 1 << 9
        if None in children:
            units[node] |= 1 << 8
        for label, below in children.items():
            place = target ^ (label or 0)
            used[place] = 1
            if label is None:
                units[place] = below | 1 << 31
            else:
                units[place] = label
                stack.append((place, below))
    array = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(array)) + array + bytes(texts)
