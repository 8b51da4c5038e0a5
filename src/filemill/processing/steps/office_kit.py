"""One page of an office document as a PDF, by LibreOffice's own libraries: a program of its own, run by office_pages.py.

LibreOffice's command line needs a Unix socket to find a running office, and no child of the sandbox gets one.
LibreOfficeKit, the C interface of the same libraries, does not; its own way to open a document builds windows whose parts
a system without a desktop does not have. So this program starts the kit (LibreOfficeKit.h of 7.0 and later: entries are
only added at the end), and a macro of ours opens the document hidden. The macro lies in a profile made for this run;
macros of the document are switched off. What to do comes in the environment (`FILEMILL_OFFICE_*`), so that no name is
ever part of a macro's address. Only the standard library is imported.
Not for: anything outside the sandbox. On failure: no file, and perhaps a status that is not 0.
"""

import ctypes
import os
import sys
from pathlib import Path
from xml.sax.saxutils import escape

LIBRARIES = ("libsofficeapp.so", "libmergedlo.so")
"""Where `libreofficekit_hook_2` is: the second one in builds that merge their libraries."""
# Places in LibreOfficeKitClass.
_RUN_MACRO = 11

# Remarks in a margin are windows too: a text gets its view when they are gone.
_MACRO = """
Sub Draw
  Dim asked(0) As New com.sun.star.beans.PropertyValue
  Dim opening(5) As New com.sun.star.beans.PropertyValue
  Dim showing(1) As New com.sun.star.beans.PropertyValue
  Dim saving(1) As New com.sun.star.beans.PropertyValue
  Dim chosen(0) As New com.sun.star.beans.PropertyValue
  On Error Goto Failed
  source = Environ("FILEMILL_OFFICE_SOURCE")
  asked(0).Name = "URL"
  asked(0).Value = source
  found = createUnoService("com.sun.star.document.TypeDetection")
  filter = Named(found.getByName(found.queryTypeByDescriptor(asked(), True)), "PreferredFilter")
  service = Named(createUnoService("com.sun.star.document.FilterFactory").getByName(filter), "DocumentService")
  opening(0).Name = "Hidden"
  opening(0).Value = True
  opening(1).Name = "ReadOnly"
  opening(1).Value = True
  opening(2).Name = "MacroExecutionMode"
  opening(2).Value = com.sun.star.document.MacroExecMode.NEVER_EXECUTE
  opening(3).Name = "UpdateDocMode"
  opening(3).Value = com.sun.star.document.UpdateDocMode.NO_UPDATE
  opening(4).Name = "FilterName"
  opening(4).Value = filter
  opening(5).Name = "URL"
  opening(5).Value = source
  kind = "writer"
  If service = "com.sun.star.sheet.SpreadsheetDocument" Then kind = "calc"
  If service = "com.sun.star.drawing.DrawingDocument" Then kind = "draw"
  If service = "com.sun.star.presentation.PresentationDocument" Then kind = "impress"
  If kind = "writer" Then
    document = createUnoService("com.sun.star.text.TextDocument")
    document.load(opening())
    fields = document.TextFields.createEnumeration()
    Do While fields.hasMoreElements()
      field = fields.nextElement()
      If field.supportsService("com.sun.star.text.textfield.Annotation") Then field.dispose()
    Loop
    showing(0).Name = "Model"
    showing(0).Value = document
    showing(1).Name = "Hidden"
    showing(1).Value = True
    StarDesktop.loadComponentFromURL("private:object", "_blank", 0, showing())
  Else
    document = StarDesktop.loadComponentFromURL(source, "_blank", 0, opening())
  End If
  chosen(0).Name = "PageRange"
  chosen(0).Value = Environ("FILEMILL_OFFICE_PAGES")
  saving(0).Name = "FilterName"
  saving(0).Value = kind & "_pdf_Export"
  saving(1).Name = "FilterData"
  saving(1).Value = chosen()
  document.storeToURL(Environ("FILEMILL_OFFICE_TARGET"), saving())
Failed:
End Sub

Function Named(properties, name As String)
  For i = LBound(properties) To UBound(properties)
    If properties(i).Name = name Then Named = properties(i).Value
  Next
End Function
"""
_LISTS = 'PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN"'
_NAMES = 'xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LIBRARIES = f"""{_HEAD}<!DOCTYPE library:libraries {_LISTS} "libraries.dtd">
<library:libraries {_NAMES}>
 <library:library library:name="Standard" library:link="false"
  xlink:href="$(USER)/basic/Standard/KIND.xlb/" xlink:type="simple"/>
</library:libraries>"""
_LIBRARY = f"""{_HEAD}<!DOCTYPE library:library {_LISTS} "library.dtd">
<library:library {_NAMES} library:name="Standard" library:readonly="false"
 library:passwordprotected="false">CONTENT</library:library>"""
_MODULE = f"""{_HEAD}<!DOCTYPE script:module {_LISTS} "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Pages"
 script:language="StarBasic">CONTENT</script:module>"""
# Without this a first start fills the profile from a template, over what is there.
_SETTINGS = f"""{_HEAD}<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/Office">
 <prop oor:name="ooSetupInstCompleted" oor:op="fuse"><value>true</value></prop>
</item>
</oor:items>"""


def main(program_dir: Path, profile: Path) -> None:
    """Draw what the environment says, and end this process: the libraries' own way out takes longer than the work."""
    _make_profile(profile)
    kit = _start(program_dir, profile)
    _entry(kit, _RUN_MACRO, ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(kit, b"macro:///Standard.Pages.Draw")
    os._exit(0)


def _make_profile(profile: Path) -> None:
    basic = profile / "user" / "basic"
    (basic / "Standard").mkdir(parents=True)
    files = {
        profile / "user" / "registrymodifications.xcu": _SETTINGS,
        basic / "script.xlc": _LIBRARIES.replace("KIND", "script"),
        basic / "dialog.xlc": _LIBRARIES.replace("KIND", "dialog"),
        basic / "Standard" / "script.xlb": _LIBRARY.replace("CONTENT", '<library:element library:name="Pages"/>'),
        basic / "Standard" / "dialog.xlb": _LIBRARY.replace("CONTENT", ""),
        basic / "Standard" / "Pages.xba": _MODULE.replace("CONTENT", escape(_MACRO)),
    }
    for path, content in files.items():
        path.write_text(content)


def _start(program_dir: Path, profile: Path) -> int:
    """The kit, an address; its class is what it points to."""
    name = next(name for name in LIBRARIES if (program_dir / name).exists())
    hook = ctypes.CDLL(str(program_dir / name), mode=ctypes.RTLD_GLOBAL).libreofficekit_hook_2
    hook.restype, hook.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
    kit = hook(os.fsencode(program_dir), profile.as_uri().encode())
    if not kit:
        os._exit(1)
    return int(kit)


def _entry(kit: int, place: int, restype: type, *argtypes: type) -> "ctypes._FuncPointer":
    table = ctypes.cast(ctypes.c_void_p(kit), ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    size_bytes = ctypes.cast(table, ctypes.POINTER(ctypes.c_size_t))[0]
    if size_bytes <= place * ctypes.sizeof(ctypes.c_void_p):  # a build older than the entry
        os._exit(1)
    return ctypes.CFUNCTYPE(restype, *argtypes)(table[place])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
