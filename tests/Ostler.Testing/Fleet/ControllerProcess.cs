using System.Diagnostics;
using Ostler.Testing.ControlPlane.Local;

namespace Ostler.Testing.Fleet;

/// <summary>A controller as its own process, which can be killed as the kernel or a node's death would kill it.</summary>
public sealed class ControllerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private ControllerProcess(Process process) => _process = process;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a controller under a kubeconfig; what it says is appended to a file. It dies with this process.</summary>
    public static async Task<ControllerProcess> StartAsync(string program, string kubeconfig, string identity, string logFile)
    {
        string[] command = program.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", program] : [program];
        string[] flags = [$"--kubeconfig={kubeconfig}", $"--identity={identity}", "--metrics-address=0", "--health-address=0", "--log-level=Debug"];
        return new(await ProcessLauncher.StartAsync(command[0], [.. command[1..], .. flags], logFile, Path.GetDirectoryName(logFile)!));
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
        if (!_disposed)
        {
            _disposed = true;
            await KillAsync(CancellationToken.None);
            _process.Dispose();
        }
    }
}
