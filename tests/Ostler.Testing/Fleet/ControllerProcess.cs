using System.Diagnostics;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Fleet;

/// <summary>A controller as its own process, which can be killed as the kernel or a node's death would kill it.</summary>
public sealed class ControllerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private ControllerProcess(Process process) => _process = process;

    public bool HasExited => _process.HasExited;

    /// <summary>Done when it has ended.</summary>
    public Task Ended => _process.WaitForExitAsync();

    public int ProcessId => _process.Id;

    /// <summary>Starts a controller under a kubeconfig; what it says is appended to a file. It dies with this process.</summary>
    /// <param name="program"><c>ostler-controller.dll</c> or a native binary.</param>
    /// <param name="kubeconfig">Who it is.</param>
    /// <param name="identity">Its name among replicas.</param>
    /// <param name="logFile">Where what it says is appended.</param>
    /// <param name="flags">Further flags, which win over those of every test (no endpoints, a log that tells everything).</param>
    public static async Task<ControllerProcess> StartAsync(string program, string kubeconfig, string identity, string logFile, params string[] flags)
    {
        string[] command = program.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", program] : [program];
        string[] common = [$"--kubeconfig={kubeconfig}", $"--identity={identity}", "--metrics-address=0", "--health-address=0", "--console-address=0", "--log-level=Debug"];
        return new(await ProcessLauncher.StartAsync(command[0], [.. command[1..], .. common, .. flags], logFile, Path.GetDirectoryName(logFile)!));
    }

    /// <summary>SIGKILL: no lease is released, nothing is finished.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await KillAsync(CancellationToken.None);
            _process.Dispose();
        }
    }
}
