"""Tests that scripts/portable finds commands that macOS does not support, and nothing else."""

import tempfile
import unittest
from pathlib import Path

from loading import script

portable = script("portable")


class Portable(unittest.TestCase):
    def test_each_rule_finds_its_example(self) -> None:
        for rule in portable.BASH + portable.TOOLS:
            with self.subTest(rule.example):
                found = portable.unportable(f"#!/usr/bin/env bash\n{rule.example}\n")
                self.assertIn(rule.instead, " ".join(said for _, said in found))

    def test_what_was_in_scripts_is_found(self) -> None:
        for line in [
            'built="$(realpath -m "${CARGO_TARGET_DIR:-target}")"',
            "    mapfile -t names < <(cargo metadata)",
            'inputs="$(find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)"',
            'readelf --file-header "$program" | grep -q Machine || {',
            "needs=\"$(grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)\"",
            'if [ "${x,,}" = y ]; then',
            "local -A seen=()",
            'find . -name "*.gz" -printf "%s\\n" |',
            "cp --reflink=auto \\\n    a b",
            'mtime="$(stat -c %Y file)"',
            'TZ=UTC date -d "$day" +%s',
            "f() { nproc; }",
            'mktemp --suffix=.json "$x"',
        ]:
            with self.subTest(line):
                self.assertNotEqual(portable.unportable(line), [])

    def test_an_array_that_may_be_empty_is_expanded_so_that_it_may(self) -> None:
        self.assertEqual(len(portable.unportable('rest=()\nrun "${rest[@]}"\n')), 1)
        self.assertEqual(portable.unportable('rest=()\nrun ${rest[@]+"${rest[@]}"}\necho "${#rest[@]}"\n'), [])
        self.assertEqual(portable.unportable('rest=(a)\nrun "${rest[@]}"\n'), [])

    def test_what_runs_everywhere_is_left_alone(self) -> None:
        for line in [
            'built="$(scripts/target-folder)"',
            "# readelf and mapfile are not on macOS",
            "run # realpath -m",
            "cat <<'TEXT'\nstat -c, sort -V, timeout 5 s\nTEXT",
            'echo "a timeout, a stat"',
            "sed -E 's/a+/b/' file > other && mv other file",
            "sed -i.bak s/a/b/ file",
            "find . -type f -newer file -print0 | xargs -0 rm -r",
            "grep -qwe \"--$option\" <<<\"$known\" || exit 1",
            "read -r name",
            'scripts/functions --check --arch "$arch"',
            "npm ci --loglevel=error",
            'git -C folder ls-files --others | sort -u | tail -n 1',
            'cp "$a" "$b"; rm -rf "$c"; ln -sfn a b',
            'date +%s',
            'case "$1" in -i) ;; esac',
            "tool --sort=name",
            '[ "$(uname -s)" != Darwin ] || exit 1',
        ]:
            with self.subTest(line):
                self.assertEqual(portable.unportable(line), [])

    def test_a_script_for_linux_says_so_and_ends_elsewhere(self) -> None:
        said = "#!/usr/bin/env bash\n# Limits of a child. For Linux only.\nset -euo pipefail\n"
        ends = '[ "$(uname -s)" = Linux ] || { echo "for Linux only" >&2; exit 2; }\n'
        body = "prlimit --nofile=10 true\n"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "script"
            for text, fine in [(said + ends + body, True), (said + body, False), (said + body * 20 + ends, False),
                               ("#!/usr/bin/env bash\n" + ends + body, False)]:
                path.write_text(text)
                self.assertEqual(portable.problems(path) == [], fine, text)

    def test_a_tool_that_python_calls(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "script"
            path.write_text('#!/usr/bin/env python3\nsubprocess.run(["readelf", "-h", name])\n')
            self.assertEqual(portable.problems(path), [(2, "readelf: macOS has none")])
            path.write_text('#!/usr/bin/env python3\nsubprocess.run(["ps", "-p", "1"])\nprint("stat")\n')
            self.assertEqual(portable.problems(path), [])


if __name__ == "__main__":
    unittest.main()
