# Adds every source below `dirs` (relative to the caller) to `target`. Unit tests live under test/, so nothing is excluded.
function(glyptic_sources target)
  foreach(dir IN LISTS ARGN)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${dir}/*.cpp ${dir}/*.h)
    target_sources(${target} PRIVATE ${found})
  endforeach()
endfunction()
