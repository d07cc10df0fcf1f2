using System.Diagnostics;
using Ostler.Testing.ControlPlane.Local;

namespace Ostler.Testing.Tools;

/// <summary>Debian's real docker-registry on a free loopback port, over plain HTTP, with its storage in a folder of its own that goes with it.</summary>
public sealed class OciRegistry : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private OciRegistry(Process process, DirectoryInfo folder, string address) => (_process, _folder, Address) = (process, folder, address);

    /// <summary>Host and port, as in a reference.</summary>
    public string Address { get; }

    /// <summary>Starts one, and comes back when it answers.</summary>
    /// <returns>The registry, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(OciRegistry? Registry, string WhyNot)> StartAsync(CancellationToken cancellationToken)
    {
        var (program, whyNot) = await DebianPackage.FindAsync("docker-registry", "docker-registry", cancellationToken).ConfigureAwait(false);
        if (program is null)
        {
            return (null, whyNot);
        }

        var folder = Directory.CreateTempSubdirectory("ostler-registry-");
        var address = $"127.0.0.1:{LoopbackPorts.Take(1)[0]}";
        var configuration = Path.Combine(folder.FullName, "config.yml");
        await File.WriteAllTextAsync(
            configuration,
            $"version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {folder.FullName}/data}}}}\nhttp: {{addr: '{address}'}}\n",
            cancellationToken).ConfigureAwait(false);
        var log = Path.Combine(folder.FullName, "log");
        var registry = new OciRegistry(
            await ProcessLauncher.StartAsync(program, ["serve", configuration], log, folder.FullName).ConfigureAwait(false), folder, address);
        try
        {
            await registry.AnsweringAsync(log, cancellationToken).ConfigureAwait(false);
            return (registry, "");
        }
        catch
        {
            await registry.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().ConfigureAwait(false);
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task AnsweringAsync(string log, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new($"http://{Address}") };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await tick.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"docker-registry ended by itself:\n{await File.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false)}");
            }

            try
            {
                using var answer = await http.GetAsync("v2/", deadline.Token).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
    }
}
