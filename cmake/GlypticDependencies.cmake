set(GLYPTIC_DEPS ${CMAKE_SOURCE_DIR}/.deps CACHE PATH "what scripts/setup installed")

find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
find_package(LLD REQUIRED CONFIG HINTS /usr/lib/llvm-22)

find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED CONFIG HINTS ${GLYPTIC_DEPS}/onnx)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(GTest REQUIRED)
find_program(FLATC flatc REQUIRED)

find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
find_path(MINIZIP_INCLUDE minizip/unzip.h REQUIRED)
find_library(MINIZIP_LIBRARY minizip REQUIRED)
add_library(minizip INTERFACE)
target_include_directories(minizip SYSTEM INTERFACE ${MINIZIP_INCLUDE})
target_link_libraries(minizip INTERFACE ${MINIZIP_LIBRARY} ZLIB::ZLIB)

add_library(onednn INTERFACE)
target_include_directories(onednn SYSTEM INTERFACE ${GLYPTIC_DEPS}/onednn/include)
target_link_libraries(onednn INTERFACE ${GLYPTIC_DEPS}/onednn/lib/libdnnl.so.3)

# NVRTC is opened at run time, from a folder beside the compiler's library: the same in the build and once installed.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
file(CREATE_LINK ${GLYPTIC_DEPS}/nvrtc/lib ${CMAKE_BINARY_DIR}/lib/nvrtc SYMBOLIC)

# oneDNN runs on libgomp; the runtime enters the same pool through libgomp's stable entry points.
find_library(GOMP_LIBRARY NAMES libgomp.so.1 gomp PATHS /usr/lib/x86_64-linux-gnu REQUIRED)

# For tablegen, which takes its search path from the folder's include directories.
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
