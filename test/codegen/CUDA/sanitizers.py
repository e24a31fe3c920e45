# RUN: %python %s %build/test/units/CompilerTests
"""The text of every schedule on the host shim, under the sanitizers of g++: the unit tests' buffers end where the tensors
end, and the kernels' program is compiled so that it looks at every access and every operation that C++ leaves undefined."""
import os
import pathlib
import subprocess
import sys

from glyptic_tool import enter_folder

enter_folder()
library = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
if not os.path.isabs(library):
    print("skipped: there is no g++ with AddressSanitizer")
    sys.exit()
compiler = pathlib.Path("compiler").resolve()
compiler.write_text('#!/bin/sh\nexec g++ -fsanitize=address,undefined -fno-sanitize-recover=all "$@"\n')
compiler.chmod(0o755)
# Only the kernels' program is watched: MLIR's own memory is not this test's business.
environment = {**os.environ, "GLYPTIC_CXX": str(compiler), "LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0"}
done = subprocess.run([sys.argv[1], "--gtest_filter=Rows/Matrix.*:CompiledRegions.Composites*Shim"], env=environment,
                      capture_output=True, text=True)
assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
assert "5 tests" in done.stdout, done.stdout
