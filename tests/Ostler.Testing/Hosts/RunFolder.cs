using System.Diagnostics;
using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>
/// The folder of one run, under ${XDG_RUNTIME_DIR, or the temporary folder}/ostler-hosts. A janitor process, which waits for the end
/// of ours, removes it however we end. It is owned as long as its lock file is locked, which the kernel ends with the
/// process; so what a run left whose janitor was killed too is recognised without guessing by PID, and swept by the next one.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    // The pipe ends with our process, also by SIGKILL. A session of its own, so that Ctrl-C does not end the janitor first.
    // The hosts die in the same moment; what one of them still writes makes rm fail, and rm is asked again.
    private const string Janitor = "read -r _; for try in 1 2 3 4 5 6 7 8 9; do rm -rf \"$0\" 2>/dev/null && break; done; rm -f \"$0.lock\"";

    private readonly FileStream _lock;
    private readonly Process _janitor;

    private RunFolder(string path, FileStream ownership)
    {
        (Path, _lock) = (path, ownership);
        _janitor = Process.Start(new ProcessStartInfo("setsid", ["bash", "-c", Janitor, path]) { RedirectStandardInput = true })!;
        Record(path, _janitor.Id);
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
            HostCommand.RunAsync(["rm", "-rf", folder], deadline.Token).GetAwaiter().GetResult().EnsureSuccess();
        }
    }

    public void Dispose()
    {
        Delete(Path);
        _janitor.StandardInput.Close();
        _janitor.WaitForExit();
        _janitor.Dispose();
        _lock.Dispose();
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
    private static string StartTime(int processId)
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
}
