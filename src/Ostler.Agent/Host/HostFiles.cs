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
/// The host is seen below <see cref="HostEntry.Root"/>, where an absolute symbolic link of the host would lead back into the pod. None of the
/// paths that the agent uses has one.
/// </remarks>
internal sealed class HostFiles(string root)
{
    /// <summary>The text of a file, without the white space around it; null when it is not there.</summary>
    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(At(path)).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public bool Exists(string path) => Kind(path) != HostFileKind.Missing;

    /// <summary>What a path is, symbolic links not followed.</summary>
    public HostFileKind Kind(string path)
    {
        var info = new FileInfo(At(path));
        if (info.LinkTarget is not null)
        {
            return HostFileKind.Symlink;
        }

        return info.Exists ? HostFileKind.File : Directory.Exists(info.FullName) ? HostFileKind.Directory : HostFileKind.Missing;
    }

    /// <summary>Deletes a file; nothing happens when it is not there.</summary>
    public void Delete(string path)
    {
        if (Exists(path))
        {
            File.Delete(At(path));
        }
    }

    /// <summary>
    /// Writes a file so that, whatever happens, either the former text or the whole new one is found, also after a power cut: a file beside
    /// it is written, flushed and renamed, and the directory flushed.
    /// </summary>
    public void Write(string path, string text)
    {
        var target = At(path);
        var directory = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(directory);
        var draft = target + ".new";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, target, overwrite: true);
        NativeMethods.FlushDirectory(directory);
    }

    private string At(string path) => Path.Join(root, path);
}
