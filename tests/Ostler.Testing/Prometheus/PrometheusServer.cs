using System.Diagnostics;
using System.Net;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Testing.Prometheus;

/// <summary>
/// Debian's real Prometheus on a free loopback port, scraping itself once a second, and what else it is told to, with its data in a folder
/// of its own that goes with it.
/// </summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private PrometheusServer(Process process, DirectoryInfo folder, Uri address)
    {
        _process = process;
        _folder = folder;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>The label <c>instance</c> of the one target.</summary>
    public string Instance => Address.Authority;

    /// <summary>Starts one, and comes back when it has scraped itself.</summary>
    /// <returns>The server, or why there is none here, for a test's skip reason.</returns>
    public static Task<(PrometheusServer? Server, string WhyNot)> StartAsync(CancellationToken cancellationToken) => StartAsync([], cancellationToken);

    /// <summary>Starts one that scrapes other targets, too: host and port of each, under the job <c>ostler</c>.</summary>
    /// <inheritdoc cref="StartAsync(CancellationToken)"/>
    public static async Task<(PrometheusServer? Server, string WhyNot)> StartAsync(IReadOnlyList<string> targets, CancellationToken cancellationToken)
    {
        var (program, whyNot) = await DebianPackage.FindAsync("prometheus", "prometheus", cancellationToken).ConfigureAwait(false);
        if (program is null)
        {
            return (null, whyNot);
        }

        var folder = Directory.CreateTempSubdirectory("ostler-prometheus-");
        var address = new Uri($"http://127.0.0.1:{LoopbackPorts.Take(1)[0]}");
        var configuration = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(
            configuration,
            $"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: self\n  static_configs: [{{targets: ['{address.Authority}']}}]\n"
            + (targets.Count == 0 ? "" : $"- job_name: ostler\n  static_configs: [{{targets: ['{string.Join("', '", targets)}']}}]\n"),
            cancellationToken).ConfigureAwait(false);
        var log = Path.Combine(folder.FullName, "log");
        var process = await ProcessLauncher.StartAsync(
            program,
            [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder.FullName, "data")}", $"--web.listen-address={address.Authority}"],
            log,
            folder.FullName).ConfigureAwait(false);
        var server = new PrometheusServer(process, folder, address);
        try
        {
            await server.ScrapedAsync(log, cancellationToken).ConfigureAwait(false);
            return (server, "");
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
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

    private async Task ScrapedAsync(string log, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await tick.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"Prometheus ended by itself:\n{await File.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false)}");
            }

            try
            {
                var answer = await http.GetStringAsync("api/v1/query?query=up%7Bjob%3D%22self%22%7D", deadline.Token).ConfigureAwait(false);
                if (answer.Contains("\"1\"", StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (HttpRequestException e) when (e.StatusCode is null or HttpStatusCode.ServiceUnavailable)
            {
                // Not listening yet, or starting.
            }
        }
    }
}
