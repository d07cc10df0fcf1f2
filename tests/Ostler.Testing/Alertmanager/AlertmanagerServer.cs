using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Testing.Alertmanager;

/// <summary>Debian's real Alertmanager on a free loopback port, which notifies no one, with its data in a folder of its own that goes with
/// it.</summary>
public sealed class AlertmanagerServer : IAsyncDisposable
{
    private const string Configuration = """
        route: {receiver: none}
        receivers: [{name: none}]
        inhibit_rules:
        - source_matchers: [alertname = "ClusterDown"]
          target_matchers: [severity = "minor"]
        """;

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private AlertmanagerServer(Process process, DirectoryInfo folder, Uri address)
    {
        _process = process;
        _folder = folder;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Starts one, and comes back when it answers.</summary>
    /// <returns>The server, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(AlertmanagerServer? Server, string WhyNot)> StartAsync(CancellationToken cancellationToken)
    {
        var (program, whyNot) =
            await DebianPackage.FindAsync("prometheus-alertmanager", "prometheus-alertmanager", cancellationToken).ConfigureAwait(false);
        if (program is null)
        {
            return (null, whyNot);
        }

        var folder = Directory.CreateTempSubdirectory("ostler-alertmanager-");
        var address = new Uri($"http://127.0.0.1:{LoopbackPorts.Take(1)[0]}");
        var configuration = Path.Combine(folder.FullName, "alertmanager.yml");
        await File.WriteAllTextAsync(configuration, Configuration, cancellationToken).ConfigureAwait(false);
        var log = Path.Combine(folder.FullName, "log");
        var (launcher, before) = Launcher(program);
        var process = await ProcessLauncher.StartAsync(
            launcher,
            [
                .. before, $"--config.file={configuration}", $"--storage.path={Path.Combine(folder.FullName, "data")}",
                    $"--web.listen-address={address.Authority}",
                "--cluster.listen-address=",
            ],
            log,
            folder.FullName).ConfigureAwait(false);
        var server = new AlertmanagerServer(process, folder, address);
        try
        {
            await server.AnswersAsync(log, cancellationToken).ConfigureAwait(false);
            return (server, "");
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Debian's program wants its templates in /usr/share, where an unpacked package has not put them: they are mounted there for this
    /// process alone.
    /// </summary>
    private static (string Program, string[] Arguments) Launcher(string program)
    {
        const string Templates = "/usr/share/prometheus/alertmanager";
        const string Script =
            "mount -t tmpfs tmpfs /usr/share && mkdir -p /usr/share/prometheus && cp -r \"$0\" /usr/share/prometheus && exec \"$@\"";
        var unpacked = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(program)!, "..", "share", "prometheus", "alertmanager"));
        return Directory.Exists(Templates) ? (program, []) : ("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", Script, unpacked, program]);
    }

    /// <summary>An alert begins, or goes on.</summary>
    /// <param name="labels">Its labels, alertname among them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task FireAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        PostAlertAsync(labels, TimeSpan.FromHours(1), cancellationToken);

    /// <summary>An alert is over.</summary>
    public Task ResolveAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        PostAlertAsync(labels, TimeSpan.FromSeconds(-1), cancellationToken);

    /// <summary>Silences the alerts of this name for an hour.</summary>
    public Task SilenceAsync(string alert, CancellationToken cancellationToken) => PostAsync(
        "api/v2/silences",
        $$"""
        {"matchers": [{"name": "alertname", "value": "{{alert}}", "isRegex": false, "isEqual": true}],
            "startsAt": "{{Text(TimeSpan.FromMinutes(-1))}}",
         "endsAt": "{{Text(TimeSpan.FromHours(1))}}", "createdBy": "test", "comment": "a test"}
        """,
        cancellationToken);

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

    private Task PostAlertAsync(IReadOnlyDictionary<string, string> labels, TimeSpan ends, CancellationToken cancellationToken) =>
        PostAsync(
        "api/v2/alerts",
        $$"""
        [{"labels": {{{string.Join(',', labels.Select(l => $"\"{l.Key}\":\"{l.Value}\""))}}},
            "startsAt": "{{Text(TimeSpan.FromMinutes(-5))}}",
          "endsAt": "{{Text(ends)}}"}]
        """,
        cancellationToken);

    private async Task PostAsync(string path, string json, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)}");
        }
    }

    private static string Text(TimeSpan fromNow) =>
        (TimeProvider.System.GetUtcNow() + fromNow).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private async Task AnswersAsync(string log, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await tick.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException(
                    $"Alertmanager ended by itself:\n{await File.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false)}");
            }

            try
            {
                using var answer = await http.GetAsync(new Uri("-/ready", UriKind.Relative), deadline.Token).ConfigureAwait(false);
                if (answer.StatusCode == HttpStatusCode.OK)
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
