# The compiler's library with MLIR and LLVM inside, for scripts/gpu-bundle: their own libraries are several times as
# large as what is used of them. From the same objects as the usual one, and built only when asked for.
file(GLOB mlir_archives ${LLVM_LIBRARY_DIR}/libMLIR*.a)
file(GLOB llvm_archives ${LLVM_LIBRARY_DIR}/libLLVM*.a)
list(FILTER mlir_archives EXCLUDE REGEX "CAPI") # wrappers for other languages

# lld initialises every target of LLVM; those that are not this processor's are made to bring nothing along.
foreach(target IN LISTS LLVM_TARGETS_TO_BUILD)
  if(NOT target STREQUAL LLVM_NATIVE_ARCH)
    foreach(part Target TargetInfo TargetMC AsmPrinter AsmParser)
      string(APPEND functions "void LLVMInitialize${target}${part}(void) {}\n")
    endforeach()
  endif()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/static/other-targets.c CONTENT "@functions@" @ONLY)

add_library(glyptic-compiler-static SHARED EXCLUDE_FROM_ALL
  $<TARGET_OBJECTS:glyptic-compiler> ${CMAKE_BINARY_DIR}/static/other-targets.c)
set_target_properties(glyptic-compiler-static PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME glyptic-compiler
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/static BUILD_RPATH "$ORIGIN")
# Debian's LLVM names Polly, an optimiser of another package, where lld optimises bitcode: which it is never given here.
target_link_options(glyptic-compiler-static PRIVATE -Wl,-z,defs -Wl,--defsym=_Z18getPollyPluginInfov=0 -Wl,--gc-sections
  -Wl,--exclude-libs,ALL -Wl,-s)
target_link_libraries(glyptic-compiler-static PRIVATE $<TARGET_FILE:glyptic-support> ${GLYPTIC_DEPS}/onnx/lib/libonnx.a
  ${LLVM_LIBRARY_DIR}/liblldELF.a ${LLVM_LIBRARY_DIR}/liblldCommon.a ${mlir_archives} ${llvm_archives}
  ${Protobuf_LIBRARIES} ${MINIZIP_LIBRARY} ZLIB::ZLIB zstd ${CMAKE_DL_LIBS} Threads::Threads)
