# ruff: noqa: E501 - a list
"""What anybody may type into a search: syntax of every engine, scripts, signs, and nothing at all. Made up by us."""

BAD = [
    "x" * 1_000, '"' * 999, "(" * 1_000, "-" * 1_000, "* " * 500, "OR " * 333, "- OR -", "AND NOT NEAR", '"unbalanced',
    'a"b"c', '""""', "'; DROP TABLE documents; --", "1' OR '1'='1", "{name text} : x", "marks : o", "a=word", "s=stem b=0",
    "NEAR(a b, 10)", "^start", "col:*", "x:*", "'a' & 'b' | !'c'", "a <-> b", "\\'", "%_%", "$1 $2 ?", ":name", "🎉🎊 👨‍👩‍👧‍👦", "شكرا جزيلا",
    "\u202eabc\u202c", "\u200b\u200c\u200d", "Z̸̢͙a̵l̶g̷o̴", "\ufeffbom", "ｆｕｌｌ", "\x01\x02\x7f", "a\x00b", "\x00", "null", "None", "NaN",
    "true", "undefined", "../../etc/passwd", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "\ud7ff", "ꙮ" * 300,
    "ß" * 500, "ﷺ" * 100, "İ" * 400, "1e309", "-0", "٣٤٥", "Ⅷ", "a" * 63 + " " + "b" * 65, "size:", "created:", "tag:\"\"",
    "size:>NaN", "created:9999-99-99", "created:0000", "type:\x00", "owner:%", "tag:" + "x" * 900, "size:1..", "size:..1", "size:1e5",
]  # fmt: skip
