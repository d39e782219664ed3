// Everything a program needs: #include <jet/jet.h>.
#pragma once

#include <jet/engine.h>
#include <jet/error.h>
#include <jet/model.h>
