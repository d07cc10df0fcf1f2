using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>A process that runs in a host as a child of its init, and dies with the host.</summary>
public sealed class HostProcess
{
    private readonly string _folder;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal HostProcess(string id, string folder) => (Id, _folder) = (id, folder);

    internal string Id { get; }

    /// <summary>Completes with the exit code; 128 + signal when it was killed, also by a power cut (137).</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>Files that the process writes to; they stay when the process is gone.</summary>
    public string StdoutPath => Path.Combine(_folder, "stdout");

    /// <inheritdoc cref="StdoutPath"/>
    public string StderrPath => Path.Combine(_folder, "stderr");

    public string ReadStdout() => File.Exists(StdoutPath) ? File.ReadAllText(StdoutPath) : "";

    public string ReadStderr() => File.Exists(StderrPath) ? File.ReadAllText(StderrPath) : "";

    /// <summary>PID inside the host; 0 as long as the process has not begun.</summary>
    public int ProcessId
    {
        get
        {
            var file = Path.Combine(_folder, "pid");
            return File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var pid) ? pid : 0;
        }
    }

    internal static void WriteScript(string folder, IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment)
    {
        Directory.CreateDirectory(folder);
        var words = new[] { "env", "-i", $"PATH={OstreeHost.SearchPath}", "LANG=C.UTF-8", "HOME=/root" }
            .Concat((environment ?? new Dictionary<string, string>()).Select(pair => $"{pair.Key}={pair.Value}"))
            .Concat(argv)
            .Select(HostCommand.Quote);
        // exec: the process that a signal is sent to is the command itself.
        File.WriteAllText(Path.Combine(folder, "run"), $"echo $$ >{HostCommand.Quote($"/run/ostler-lab/jobs/{Path.GetFileName(folder)}/pid")}\nexec {string.Join(' ', words)}\n");
    }

    internal void SetExited(int code) => _exited.TrySetResult(code);
}

/// <summary>A command that the harness starts at every boot, as kubelet or the agent's pod would be.</summary>
public sealed class HostService
{
    internal HostService(string name, IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment) =>
        (Name, Argv, Environment) = (name, argv, environment);

    public string Name { get; }

    public IReadOnlyList<string> Argv { get; }

    public IReadOnlyDictionary<string, string>? Environment { get; }

    /// <summary>Of the newest boot; null before the first one in which it was started.</summary>
    public HostProcess? Process { get; internal set; }
}
