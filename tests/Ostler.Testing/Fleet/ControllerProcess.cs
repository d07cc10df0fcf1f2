using System.Diagnostics;
using Ostler.Testing.ControlPlane.Local;

namespace Ostler.Testing.Fleet;

/// <summary>A controller as its own process, which can be killed as the kernel or a node's death would kill it.</summary>
public sealed class ControllerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;

    private ControllerProcess(Process process, StreamWriter log, string logFile) => (_process, _log, LogFile) = (process, log, logFile);

    /// <summary>What it wrote.</summary>
    public string LogFile { get; }

    public bool HasExited => _process.HasExited;

    public int ProcessId => _process.Id;

    /// <summary>Starts a controller under a kubeconfig. It dies with this process (PDEATHSIG).</summary>
    /// <param name="program"><c>ostler-controller.dll</c> or a native binary.</param>
    /// <param name="kubeconfig">Who it is.</param>
    /// <param name="identity">Its name among replicas.</param>
    /// <param name="logFile">Where what it says is appended.</param>
    /// <param name="flags">Further flags, which win over those of every test (no endpoints, a log that tells everything).</param>
    public static ControllerProcess Start(string program, string kubeconfig, string identity, string logFile, params string[] flags)
    {
        var log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        var start = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("--pdeathsig=KILL");
        foreach (var argument in program.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", program] : (string[])[program])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var flag in (string[])
            [$"--kubeconfig={kubeconfig}", $"--identity={identity}", "--metrics-address=0", "--health-address=0", "--log-level=Debug", .. flags])
        {
            start.ArgumentList.Add(flag);
        }

        // Not from this thread: the kernel sends the signal when the thread that started the program ends, and those of the pool come and go.
        var process = ProcessLauncher.StartAsync(start).GetAwaiter().GetResult();
        process.OutputDataReceived += (_, line) => Write(log, line.Data);
        process.ErrorDataReceived += (_, line) => Write(log, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ControllerProcess(process, log, logFile);
    }

    /// <summary>SIGKILL: no lease is released, nothing is finished.</summary>
    public async Task KillAsync(CancellationToken cancel)
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync(CancellationToken.None);
        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private static void Write(StreamWriter log, string? line)
    {
        lock (log)
        {
            if (line is not null && log.BaseStream is { CanWrite: true })
            {
                log.WriteLine(line);
            }
        }
    }
}
