using System.Globalization;
using System.Runtime.InteropServices;

namespace Ostler.Testing.Hosts;

/// <summary>
/// The folder of one run, under ${XDG_RUNTIME_DIR, or the temporary folder}/ostler-hosts. It is owned as long as
/// its lock file is locked, which the kernel ends with the process, so what a killed run left is recognised
/// without guessing by PID and is swept when the next run starts.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly FileStream _lock;
    private readonly PosixSignalRegistration _interrupt;
    private readonly Lock _gate = new();
    private bool _disposed;

    private RunFolder(string path, FileStream ownership)
    {
        (Path, _lock) = (path, ownership);
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        // Ctrl-C ends the process without ProcessExit unless somebody else handles it.
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Dispose());
    }

    public string Path { get; }

    public static string DefaultRoot => System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? runtime : System.IO.Path.GetTempPath(), "ostler-hosts");

    public static RunFolder Create(string root)
    {
        Directory.CreateDirectory(root);
        Sweep(root);
        while (true)
        {
            var path = System.IO.Path.Combine(root, Guid.NewGuid().ToString("N")[..8]);
            FileStream ownership;
            try
            {
                // The lock comes before the folder: a folder without a locked file beside it is a dead one.
                ownership = new FileStream(path + ".lock", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                continue; // taken, or in the hands of another run's sweep
            }
            Directory.CreateDirectory(path);
            return new RunFolder(path, ownership);
        }
    }

    /// <summary>Records a process to be killed if this run should die without doing it.</summary>
    public static void Record(string folder, int processId) =>
        File.AppendAllText(System.IO.Path.Combine(folder, "pids"), $"{processId} {StartTime(processId)}\n");

    /// <summary>Removes what runs that are no longer alive left in <paramref name="root"/>: processes first, then files.</summary>
    public static void Sweep(string root)
    {
        foreach (var file in Directory.EnumerateFiles(root, "*.lock"))
        {
            FileStream ownership;
            try
            {
                ownership = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                continue; // its run is alive, or gone in this moment
            }
            using (ownership)
            {
                var folder = file[..^".lock".Length];
                if (Directory.Exists(folder))
                {
                    foreach (var pids in Directory.EnumerateFiles(folder, "pids", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }))
                    {
                        KillRecorded(pids);
                    }
                    Delete(folder);
                }
                File.Delete(file);
            }
        }
    }

    /// <summary>Deletes a folder, also one in which OSTree marked deployments as immutable.</summary>
    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            HostCommand.RunAsync(["chattr", "-R", "-f", "-i", folder], deadline.Token).GetAwaiter().GetResult();
            Directory.Delete(folder, recursive: true);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            AppDomain.CurrentDomain.ProcessExit -= OnExit;
            _interrupt.Dispose();
            Delete(Path);
            File.Delete(_lock.Name);
            _lock.Dispose();
        }
    }

    private static void KillRecorded(string file)
    {
        foreach (var line in File.ReadLines(file))
        {
            var fields = line.Split(' ');
            if (fields.Length == 2 && int.TryParse(fields[0], CultureInfo.InvariantCulture, out var pid) && fields[1] == StartTime(pid))
            {
                Signals.Kill(pid);
            }
        }
    }

    // Field 22 of stat, in clock ticks since boot: with it, a PID that was given to somebody else is told apart.
    internal static string StartTime(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (IOException)
        {
            return "";
        }
    }

    private void OnExit(object? sender, EventArgs e) => Dispose();
}
