#include "faiss_extension.h"
