using System.Text;

namespace Ostler.Agent.Host;

/// <summary>The kind of a file, as far as merging <c>/etc</c> is concerned.</summary>
internal enum HostFileKind
{
    Missing,
    File,
    Directory,
    Symlink,
}

/// <summary>The host's files. Paths are those of the host, absolute.</summary>
/// <remarks>
/// The host is seen below <see cref="HostEntry.Root"/>, where an absolute symbolic link of the host would lead back into the pod. None of
/// the paths that the agent uses has one.
/// </remarks>
internal sealed class HostFiles(string root)
{
    /// <summary>
    /// Why the host cannot be looked at at all; null when it can. What may not be looked at would else pass for what is not there.
    /// </summary>
    public string? WhyUnreadable()
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(root).Any();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>The text of a file, without the white space around it; null when it is not there.</summary>
    /// <exception cref="HostToolException">It is there and cannot be read.</exception>
    public string? Read(string path) => Read(path, static file => File.ReadAllText(file).Trim());

    /// <summary>The bytes of a file; null when it is not there.</summary>
    /// <exception cref="HostToolException">It is there and cannot be read.</exception>
    public byte[]? ReadBytes(string path) => Read(path, File.ReadAllBytes);

    /// <summary>The names in a folder; none when it is not there.</summary>
    /// <exception cref="HostToolException">It is there and cannot be read.</exception>
    public IReadOnlyList<string> Names(string folder) => Try<IReadOnlyList<string>>(
        folder, "read", () => Directory.Exists(At(folder)) ? [.. Directory.EnumerateFileSystemEntries(At(folder)).Select(entry => Path.GetFileName(entry))] : []);

    public bool Exists(string path) => Kind(path) != HostFileKind.Missing;

    /// <summary>What a path is, symbolic links not followed.</summary>
    public HostFileKind Kind(string path) => Try(path, "read", () =>
    {
        var info = new FileInfo(At(path));
        if (info.LinkTarget is not null)
        {
            return HostFileKind.Symlink;
        }

        return info.Exists ? HostFileKind.File : Directory.Exists(info.FullName) ? HostFileKind.Directory : HostFileKind.Missing;
    });

    /// <summary>Deletes a file, so that a power cut does not bring it back; nothing happens when it is not there.</summary>
    /// <exception cref="HostToolException">It is still there.</exception>
    public void Delete(string path)
    {
        if (Exists(path))
        {
            Try(path, "deleted", () =>
            {
                File.Delete(At(path));
                NativeMethods.FlushDirectory(Path.GetDirectoryName(At(path))!);
                return true;
            });
        }
    }

    /// <summary>
    /// Locks a file, which is made if need be, until the result is disposed of or the process ends; null when somebody has it locked. Only
    /// those who ask are kept off.
    /// </summary>
    /// <exception cref="HostToolException">The file cannot be made or opened, which does not mean that somebody has it.</exception>
    public IDisposable? TryLock(string path) => Try<IDisposable?>(path, "locked", () =>
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        try
        {
            // flock(2), of the file and not of a process's view of it: it holds between a pod and its host.
            return new FileStream(At(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (HostFileErrors.IsHeldByAnother(e))
        {
            return null;
        }
    });

    /// <summary>
    /// Writes a file so that, whatever happens, either the former text or the whole new one is found, also after a power cut: a file beside
    /// it is written, flushed and renamed, and the directory flushed.
    /// </summary>
    /// <exception cref="HostToolException">DiskFull, or what else keeps the file from being written. The previous text is still
    /// there.</exception>
    public void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text), executable: false);

    /// <summary>As <see cref="Write(string, string)"/>, for what root may run.</summary>
    public void WriteProgram(string path, byte[] content) => Write(path, content, executable: true);

    private void Write(string path, byte[] content, bool executable) => Try(path, "written", () =>
    {
        var target = At(path);
        var directory = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(directory);
        var draft = target + ".new";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        if (executable && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        File.Move(draft, target, overwrite: true);
        NativeMethods.FlushDirectory(directory);
        return true;
    });

    private T? Read<T>(string path, Func<string, T> read) where T : class => Try(path, "read", () =>
    {
        try
        {
            return read(At(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    });

    private T Try<T>(string path, string participle, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFileErrors.From(e, path, participle, Directory.Exists(At(path)));
        }
    }

    private string At(string path) => Path.Join(root, path);
}
