//===- Error.cpp - The one home of the exception's type information -------===//
#include "support/Error.h"
