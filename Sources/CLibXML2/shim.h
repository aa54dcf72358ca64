// Debian's libxml2 would bring ICU's headers, whose types Foundation's own copy of ICU declares otherwise. Of what we use, nothing
// depends on them.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
