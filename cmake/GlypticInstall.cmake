# `cmake --install build --prefix P`: libraries, tools, headers, and the package that find_package(Glyptic) finds.
# The tree can be moved: the libraries find each other, and oneDNN's, beside themselves; LLVM stays where Debian has it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(glyptic-runtime PROPERTIES INSTALL_RPATH "$ORIGIN")
set_target_properties(glyptic-compiler PROPERTIES INSTALL_RPATH "$ORIGIN:${LLVM_LIBRARY_DIR}")
set_target_properties(glyptic PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS glyptic-runtime glyptic-compiler glyptic)
install(FILES ${GLYPTIC_DEPS}/onednn/lib/libdnnl.so.3 DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${GLYPTIC_DEPS}/nvrtc/lib/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/nvrtc OPTIONAL)

install(DIRECTORY runtime/include/ support/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES compiler/Compiler.h compiler/Options.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/glyptic/compiler)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Glyptic)
configure_package_config_file(cmake/GlypticConfig.cmake.in ${CMAKE_BINARY_DIR}/cmake/GlypticConfig.cmake INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Interfaces may still change between minor versions.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/GlypticConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cmake/GlypticConfig.cmake ${CMAKE_BINARY_DIR}/cmake/GlypticConfigVersion.cmake DESTINATION ${package})
