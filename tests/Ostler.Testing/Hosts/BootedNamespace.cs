using System.Diagnostics;
using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>A host that is switched on: the PID and mount namespace in which a deployment is the root.</summary>
internal sealed class BootedNamespace : IAsyncDisposable
{
    // A process that is dying may take its time, in a write to a full disk; one that never dies is a bug to be told of.
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process = new();
    private readonly TaskCompletionSource<int> _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _init;

    /// <summary>The host's files as its own processes see them, /run included, for our own file access.</summary>
    public string View => $"/proc/{_init}/root";

    /// <summary>
    /// Starts the init; <see cref="WaitUpAsync"/> says when it stands. Whoever passes events on to <see cref="Received"/> must know this
    /// object before: the init may be quicker than the return from here.
    /// </summary>
    public void Start(Machine machine, string scripts, string layers, string deployment, string name)
    {
        string[] argv =
        [
            // What these tools complain of belongs into the host's console, not into the output of a test run.
            "setsid", "bash", "-c", "exec >>\"$0\" 2>&1; exec \"$@\"", Path.Combine(machine.Lab, "console"),
            .. machine.Enter(), "unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private",
            "env", "-i", $"PATH={OstreeHost.SearchPath}", "LANG=C.UTF-8", "bash", Path.Combine(scripts, "boot.sh"), machine.Disk, OstreeHost.StateRoot,
            deployment, Path.Combine(machine.Folder, "root"), machine.Lab, layers, name,
        ];
        _process.StartInfo = new ProcessStartInfo(argv[0], argv[1..]) { RedirectStandardInput = true };
        _process.Start();
        RunFolder.Record(machine.Folder, _process.Id);
    }

    public void Received(string[] words)
    {
        switch (words)
        {
            case ["up", var pid]:
                _up.TrySetResult(int.Parse(pid, CultureInfo.InvariantCulture));
                break;
            case ["killed"]:
                _killed.TrySetResult();
                break;
            default:
                break;
        }
    }

    public async Task WaitUpAsync(CancellationToken cancellationToken)
    {
        var died = _process.WaitForExitAsync(cancellationToken);
        if (await Task.WhenAny(_up.Task, died) == died)
        {
            await died;
            throw new InvalidOperationException("The host's init ended before it stood.");
        }
        _init = await _up.Task;
    }

    public IReadOnlyList<string> Enter() =>
    [
        "nsenter", "--target", _init.ToString(CultureInfo.InvariantCulture), "--mount", "--pid", "--uts", "--ipc", "--",
        "env", "-i", $"PATH={OstreeHost.SearchPath}", "LANG=C.UTF-8", "HOME=/root",
    ];

    public async Task SendAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>SIGKILL for every process but the init; returns when none is left.</summary>
    public async Task KillProcessesAsync(CancellationToken cancellationToken)
    {
        await SendAsync("kill");
        try
        {
            await _killed.Task.WaitAsync(KillLimit, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"Processes inside survive SIGKILL:\n{string.Join('\n', Processes())}", e);
        }
    }

    // PID, state and command of everything inside, the init included.
    private IEnumerable<string> Processes() => Directory.EnumerateDirectories(View + "/proc")
        .Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]))
        .Select(folder =>
        {
            try
            {
                var stat = File.ReadAllText(folder + "/stat");
                return stat[..(stat.LastIndexOf(')') + 3)];
            }
            catch (IOException)
            {
                return Path.GetFileName(folder) + " gone";
            }
        });

    /// <summary>Ends everything at once, as losing power does; returns when the kernel has.</summary>
    public async ValueTask DisposeAsync()
    {
        // The kernel kills the rest of a PID namespace with its init, and reports the init's end after theirs.
        Signals.Kill(_init == 0 ? _process.Id : _init);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
