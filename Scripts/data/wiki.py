"""Articles of a JSON file as lines of topic, title, description and text, in the order of titles: wiki.py JSON TSV"""

import json
import sys

KEYS = ("title", "description", "extract")

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    articles = json.load(file).values()
with open(target, "w", encoding="utf-8") as file:
    for article in sorted(articles, key=lambda article: article["title"]):
        topic = article["topic"].replace("Uncategorized", "")
        # A tab or a line's end inside a field would make fields or lines of it.
        fields = [" ".join(field.split()) for field in (topic, *(article[key] for key in KEYS))]
        print(*fields, sep="\t", file=file)
