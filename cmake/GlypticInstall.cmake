# Filled with the package that find_package(Glyptic) finds.
