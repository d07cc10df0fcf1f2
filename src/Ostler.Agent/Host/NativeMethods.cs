using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ostler.Agent.Host;

/// <summary>The one thing that .NET does not offer: opening a directory, to flush it to disk.</summary>
internal static partial class NativeMethods
{
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>Flushes the entries of a directory to disk, so that a rename in it survives a power cut.</summary>
    /// <exception cref="IOException">The directory cannot be opened or flushed.</exception>
    public static void FlushDirectory(string path)
    {
        using var handle = new SafeFileHandle(Open(path, ReadOnlyCloseOnExec), ownsHandle: true);
        if (handle.IsInvalid || FSync(handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException($"{path} cannot be flushed: {new Win32Exception(error).Message}", error);
        }
    }

    // O_DIRECTORY differs between processors, and O_RDONLY opens a directory just as well.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle handle);
}
