namespace Ostler.Testing.ControlPlane;

/// <summary>The folder of one cluster: certificates, data, logs, and the pids of its components.</summary>
/// <remarks>Its name is the identity of the process that owns it, so that the next start can tell which folders a crash left,
/// end what still runs there, and remove them.</remarks>
internal sealed class RunFolder : IDisposable
{
    private const string KeepMark = "keep";
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(1);
    private static int _created;
    private bool _keepLogs;

    private RunFolder(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>Private to the user: the folders hold the keys of an administrator, and /tmp is everybody's.</summary>
    public static string Root { get; } = Path.Combine(Path.GetTempPath(), $"ostler-clusters-{Environment.UserName}");

    public static RunFolder Create(string? root = null)
    {
        root ??= Root;
        MakePrivate(root);
        Sweep(root);
        var path = Path.Combine(root, $"{ProcessIdentity.Current}-{Interlocked.Increment(ref _created)}");
        MakePrivate(path);
        return new(path);
    }

    public string PathOf(string name) => Path.Combine(FullPath, name);

    public string Write(string name, string content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public void RecordComponent(string name, ProcessIdentity process) => Write(name + ".pid", process.ToString());

    /// <summary>Leaves the logs behind for a day, for somebody to find out why a component did not start.</summary>
    public void KeepLogs()
    {
        _keepLogs = true;
        Write(KeepMark, "");
    }

    public void Dispose() => Remove(FullPath, _keepLogs);

    /// <summary>Ends and removes what processes that are gone left behind.</summary>
    public static void Sweep(string root)
    {
        foreach (var path in Directory.EnumerateDirectories(root))
        {
            if (ProcessIdentity.TryParse(Path.GetFileName(path)) is not { } owner || owner.IsAlive)
            {
                continue;
            }

            foreach (var pidFile in EnumerateFiles(path, "*.pid"))
            {
                if (ReadPid(pidFile) is { } component && RunsIn(component, path))
                {
                    component.Kill();
                }
            }

            var mark = Path.Combine(path, KeepMark);
            Remove(path, keepLogs: File.Exists(mark) && TimeProvider.System.GetUtcNow() - File.GetLastWriteTimeUtc(mark) < KeptFor);
        }
    }

    private static ProcessIdentity? ReadPid(string file)
    {
        try
        {
            return ProcessIdentity.TryParse(File.ReadAllText(file));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Containers that share a /tmp do not share pids: a process of ours names our folder on its command line.</summary>
    private static bool RunsIn(ProcessIdentity process, string folder)
    {
        try
        {
            return !Directory.Exists("/proc/self")
                || File.ReadAllText($"/proc/{process.Pid}/cmdline").Contains(folder, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Remove(string path, bool keepLogs)
    {
        try
        {
            if (!keepLogs)
            {
                Directory.Delete(path, recursive: true);
                return;
            }

            foreach (var folder in Directory.EnumerateDirectories(path))
            {
                Directory.Delete(folder, recursive: true);
            }

            foreach (var file in Directory.EnumerateFiles(path).Where(f => !f.EndsWith(".log", StringComparison.Ordinal) && Path.GetFileName(f) != KeepMark))
            {
                File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process sweeps at the same moment, or a component that was just killed still writes. The next sweep gets it.
        }
    }

    private static string[] EnumerateFiles(string path, string pattern)
    {
        try
        {
            return Directory.GetFiles(path, pattern);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
