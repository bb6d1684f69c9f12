/** Modules that no model needs and every attack uses. What is missing here is refused all the same, as a pickle. */
const dangerousModules: ReadonlySet<string> = new Set(
  `
  os posix nt posixpath ntpath subprocess sys shutil socket pty runpy importlib imp
  pkgutil pydoc ctypes _ctypes cffi webbrowser commands popen2 pickle _pickle cPickle
  marshal types code codeop timeit pdb bdb cProfile profile trace pip ensurepip venv
  multiprocessing asyncio http httplib urllib urllib2 requests aiohttp smtplib ftplib
  telnetlib xmlrpc socketserver ssl signal fileinput glob linecache zipimport zipfile
  tarfile distutils setuptools idlelib lib2to3 doctest unittest test _thread concurrent
  operator _operator sqlite3 _posixsubprocess _osx_support _aix_support _pyrepl
  platform site cgi
`
    .trim()
    .split(/\s+/),
)

const dangerousBuiltins: ReadonlySet<string> = new Set(
  `
  eval exec execfile compile open file __import__ getattr setattr delattr globals
  locals vars input breakpoint apply map help
`
    .trim()
    .split(/\s+/),
)

/** True for an import (`module.name`) that lets a pickle run what its author likes. */
export function isDangerousImport(name: string): boolean {
  const [root = '', next = ''] = name.split('.')
  if (root === 'builtins' || root === '__builtin__' || root === '__builtins__') {
    return dangerousBuiltins.has(next)
  }
  return dangerousModules.has(root)
}
