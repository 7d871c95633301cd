"""Runs scripts/deploy in a clone without any builds, up to the point where it needs credentials."""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The CDK's message when it has completed everything that needs no account.
CREDENTIALS = "Unable to resolve AWS account to use"
# Tools that must not be called if nothing is built.
NOT_NEEDED = ["cargo", "rustc", "rustup", "python3", "pip", "aws", "docker", "readelf", "realpath", "sha256sum"]
# Seconds. Usually five; a busy machine takes longer.
WITHIN = 300


def clone(folder: Path) -> Path:
    """Copies all tracked and new files, but nothing that is built or installed."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        source = ROOT / name
        if name and source.exists():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


class Deploy(unittest.TestCase):
    clone: Path

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="riffle-deploy-")
        cls.addClassCleanup(folder.cleanup)
        cls.clone = clone(Path(folder.name) / "clone")
        # Uses the packages of this checkout. The copied lock file has the same time, so that they count as installed.
        subprocess.run([ROOT / "scripts" / "npm-packages", ROOT / "infra"], check=True)
        os.symlink(ROOT / "infra" / "node_modules", cls.clone / "infra" / "node_modules")
        cls.tools = Path(folder.name) / "tools"
        cls.tools.mkdir()
        for name in NOT_NEEDED:
            tool = cls.tools / name
            tool.write_text(f"#!/bin/sh\necho '{name} was called' >&2\nexit 97\n")
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        cls.home = Path(folder.name) / "home"
        cls.home.mkdir()

    def deploy(self, *arguments: str) -> tuple[int, str]:
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("AWS_", "CARGO_", "CDK_", "RIFFLE_"))}
        environment = {
            **clean, "PATH": f"{self.tools}{os.pathsep}{clean['PATH']}", "HOME": str(self.home),
            # Otherwise the CDK would ask the machine's metadata service for a role.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        done = subprocess.run([self.clone / "scripts" / "deploy", *arguments], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=WITHIN, check=False)
        self.assertNotIn("was called", done.stdout)
        return done.returncode, done.stdout

    def reaches_the_credentials(self, *arguments: str) -> str:
        status, said = self.deploy(*arguments)
        self.assertIn(CREDENTIALS, said)
        self.assertEqual(status, 1, said)
        for made in ("target", "dashboard/dist", "dashboard/node_modules"):
            self.assertFalse((self.clone / made).exists(), f"{made} was built")
        return said

    def test_bootstrap_needs_nothing_built(self) -> None:
        # The script's options may follow those of the CDK.
        self.reaches_the_credentials("-c", "region=eu-central-1", "--bootstrap")

    def test_destroy_needs_nothing_built_and_asks_first(self) -> None:
        status, said = self.deploy("--destroy")
        self.assertEqual(status, 1, said)
        self.assertIn("unable to get a confirmation from the user", said)
        said = self.reaches_the_credentials("--force", "--stack", "Staging", "--destroy")
        self.assertIn("Staging: destroying", said)

    def test_diff_needs_nothing_built_and_says_what_is_not(self) -> None:
        said = self.reaches_the_credentials("--diff", "-c", "ocr=textract")
        functions = len(list((ROOT / "functions").glob("*/src/main.rs")))
        self.assertIn(f"not built, so shown as changed: {functions} functions and the page", said)

    def test_a_wrong_setting_is_named_before_anything_is_asked_of_aws(self) -> None:
        status, said = self.deploy("--diff", "-c", "ocr=tesseract")
        self.assertEqual(status, 1)
        self.assertIn("context ocr: tesseract is not one of off, textract", said)
        self.assertNotIn(CREDENTIALS, said)

    def test_a_deployment_as_built_says_what_is_not_built(self) -> None:
        status, said = self.deploy("--as-built")
        self.assertEqual(status, 1)
        self.assertIn("api is not built", said)

    def test_what_neither_it_nor_the_cdk_knows_is_refused(self) -> None:
        for arguments, why in [
            (["--destory"], "unknown option --destory"),
            (["--bootstrap", "--diff"], "--diff and --bootstrap do not go together"),
            (["--destroy", "--as-built"], "--as-built is for a deployment"),
            (["--bootstrap", "--build"], "--build is for --diff"),
            (["--arch", "sparc"], "--arch needs arm64 or x86_64"),
            (["--stack"], "--stack needs a name"),
        ]:
            status, said = self.deploy(*arguments)
            self.assertEqual(status, 2, said)
            self.assertIn(why, said)

    def test_help(self) -> None:
        status, said = self.deploy("--help")
        self.assertEqual(status, 0)
        for word in ["--bootstrap", "--diff", "--destroy", "examples:", "exit codes:"]:
            self.assertIn(word, said)


if __name__ == "__main__":
    unittest.main()
