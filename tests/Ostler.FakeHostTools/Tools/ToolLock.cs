using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Ostler.FakeHostTools.Tools;

/// <summary>A lock that its holder's death releases, however it dies. Its file says what the holder is at.</summary>
/// <remarks>
/// The file is opened by hand: .NET itself takes a shared lock on every file that it opens, and fails on one that is held.
/// </remarks>
internal sealed partial class ToolLock : IDisposable
{
    private const int ReadWrite = 2;
    private const int Create = 64;
    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private readonly SafeFileHandle _file;

    private ToolLock(SafeFileHandle file) => _file = file;

    /// <summary>Waits until it has the lock.</summary>
    public static ToolLock Acquire(string path, string title) => Take(path, title, wait: true)!;

    /// <summary>The lock, or null when somebody else has it.</summary>
    public static ToolLock? TryAcquire(string path, string title) => Take(path, title, wait: false);

    /// <summary>What the holder is at; null when nobody holds the lock.</summary>
    public static string? Holder(string path)
    {
        using var free = Take(path, null, wait: false);
        if (free is not null)
        {
            return null;
        }

        using var file = Open(path);
        var text = new byte[256];
        return Encoding.UTF8.GetString(text, 0, RandomAccess.Read(file, text, 0)).Trim();
    }

    public void Dispose() => _file.Dispose();

    private static ToolLock? Take(string path, string? title, bool wait)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var file = Open(path);
        if (FLock((int)file.DangerousGetHandle(), wait ? Exclusive : Exclusive | NonBlocking) != 0)
        {
            file.Dispose();
            return null;
        }

        if (title is not null)
        {
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.UTF8.GetBytes(title), 0);
        }

        return new ToolLock(file);
    }

    private static SafeFileHandle Open(string path)
    {
        var descriptor = Open(path, ReadWrite | Create | CloseOnExec, 0x1A4);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new ToolException($"Opening {path}: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(int descriptor, int operation);
}
