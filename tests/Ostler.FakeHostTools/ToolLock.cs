using System.Runtime.InteropServices;

namespace Ostler.FakeHostTools;

/// <summary>A lock that its holder's death releases, however it dies. Its file says what the holder is at.</summary>
internal sealed partial class ToolLock : IDisposable
{
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private readonly FileStream _file;

    private ToolLock(FileStream file) => _file = file;

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

        // With any sharing: otherwise .NET itself would ask for the lock that is held.
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Trim();
    }

    public void Dispose() => _file.Dispose();

    private static ToolLock? Take(string path, string? title, bool wait)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Any sharing: .NET's own lock is the very one that is taken here by hand, because .NET cannot wait for it.
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        if (FLock((int)file.SafeFileHandle.DangerousGetHandle(), wait ? Exclusive : Exclusive | NonBlocking) != 0)
        {
            file.Dispose();
            return null;
        }

        if (title is not null)
        {
            file.SetLength(0);
            file.Write(System.Text.Encoding.UTF8.GetBytes(title));
        }

        return new ToolLock(file);
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(int descriptor, int operation);
}
