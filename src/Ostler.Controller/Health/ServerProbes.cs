using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Probes;
using Ostler.Rollout.Health;

namespace Ostler.Controller.Health;

/// <summary>What the placeholders of a check stand for.</summary>
/// <param name="Node">The node's name; null: there is none, as for a gate.</param>
/// <param name="Address">Its internal IP.</param>
internal readonly record struct ProbeTarget(string? Node, string? Address)
{
    public static ProbeTarget None => default;

    /// <summary>A name that no placeholder takes: with it, a text that has one is refused.</summary>
    public string Name => Node ?? "";
}

/// <summary>Asks servers outside the API server: by HTTP, Prometheus and Alertmanager.</summary>
internal sealed class ServerProbes(ApiClient client, OutboundRules outbound)
{
    private const int MostBytes = 1024 * 1024;

    private readonly CheckSecrets _secrets = new(client);

    /// <summary>The Alertmanager of the installation.</summary>
    public AlertmanagerSettings Alertmanager { get; set; } = new();

    /// <exception cref="CheckException">It cannot be asked.</exception>
    public async Task<CheckFinding> HttpAsync(ProbeTarget target, HttpCheck check, CancellationToken cancellationToken)
    {
        var (uri, problem) = Placeholders.InUrl(check.Url, target.Name, target.Address);
        if (uri is null)
        {
            return CheckFinding.Error(problem);
        }

        var answer = await AskAsync(
            new HttpProbe(uri) { Outbound = outbound, Tls = await TlsAsync(check.Tls, cancellationToken) }, cancellationToken);
        return HttpFinding.Of(uri, answer.Code, answer.Phrase, answer.Body);
    }

    /// <exception cref="CheckException">It cannot be asked.</exception>
    public async Task<CheckFinding> PrometheusAsync(
        ProbeTarget target, PrometheusCheck check, Duration timeout, CancellationToken cancellationToken)
    {
        var (server, problem) = Placeholders.InUrl(check.Url, target.Name, target.Address);
        var (query, wrong) = Placeholders.InPromQL(check.Query, target.Name, target.Address);
        if (server is null || query is null)
        {
            return CheckFinding.Error(server is null ? problem : wrong);
        }

        // Again, although validation says the same: a policy that was edited under a node is still carried out for it.
        if ((RequestRules.Problem(check) ?? RequestRules.Problem(check.BearerTokenSecretRef, check.Tls)) is var (field, message))
        {
            return CheckFinding.Error($"{field} {message}");
        }

        var probe = new HttpProbe(new Uri($"{server.AbsoluteUri.TrimEnd('/')}/api/v1/query{Query(check.Parameters)}"))
        {
            Outbound = outbound,
            Headers = [.. (check.Headers ?? []).Select(static h => KeyValuePair.Create(h.Name, h.Value))],
            Tls = await TlsAsync(check.Tls, cancellationToken),
            BearerToken = await TokenAsync(check.BearerTokenSecretRef, cancellationToken),

            // The server, too, gives up a query that nobody waits for any more. In seconds: it knows no fractions in durations like 1.5s.
            Form = new Dictionary<string,
                string>
            { ["query"] = query, ["timeout"] = timeout.Value.TotalSeconds.ToString(CultureInfo.InvariantCulture) },
            MaxRedirects = 0,
            MaxBytes = MostBytes,
        };
        var answer = await AskAsync(probe, cancellationToken);
        var finding = answer.IsCut
            ? CheckFinding.Error("the answer is longer than 1 MiB: return fewer series, for example with sum or min")
            : PrometheusAnswer.Judge(answer.Code, answer.Body, check.Want);
        return finding with { Message = $"{server.Authority}: {finding.Message}" };
    }

    /// <exception cref="CheckException">It cannot be asked.</exception>
    public async Task<CheckFinding> AlertsAsync(ProbeTarget target, AlertsCheck check, CancellationToken cancellationToken)
    {
        var matchers = new List<AlertMatcher>();
        foreach (var matcher in check.Matchers)
        {
            var (value, problem) = Placeholders.InLabel(matcher.Value, target.Name);
            if (value is null)
            {
                return CheckFinding.Error(problem);
            }

            matchers.Add(matcher with { Value = value });
        }

        if (matchers.Count == 0)
        {
            return CheckFinding.Error("it has no matcher, and none is not every alert");
        }

        var server = await AlertmanagerAsync(check, cancellationToken);
        if (check.Watchdog is { } watchdog)
        {
            var (code, body) = await AlertsAsync(server, [AlertmanagerAnswer.Called(watchdog)], cancellationToken);
            if (AlertmanagerAnswer.JudgeWatchdog(code, body, watchdog) is { } silent)
            {
                return silent with { Message = $"{server.Uri.Authority}: {silent.Message}" };
            }
        }

        var (status, alerts) = await AlertsAsync(server, matchers, cancellationToken);
        string[] ignored = [.. check.Ignore ?? [], .. check.Watchdog is { } always ? (string[])[always] : []];
        var finding = AlertmanagerAnswer.Judge(status, alerts, ignored);
        return finding with { Message = $"{server.Uri.Authority}: {finding.Message}" };
    }

    private static async Task<(int Code, byte[] Body)> AlertsAsync(
        HttpProbe server, IEnumerable<AlertMatcher> matchers, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            server with { Uri = new Uri($"{server.Uri.AbsoluteUri.TrimEnd('/')}/api/v2/alerts?{AlertmanagerAnswer.Query(matchers)}") },
                cancellationToken);
        return answer.IsCut ? throw new CheckException($"{server.Uri.Authority}: the answer is longer than 1 MiB: match fewer alerts")
            : (answer.Code, answer.Body);
    }

    /// <summary>A request to the Alertmanager that the check means, but for its path.</summary>
    private async Task<HttpProbe> AlertmanagerAsync(AlertsCheck check, CancellationToken cancellationToken)
    {
        if (check.Url is { } url)
        {
            if (!Alertmanager.AllowOtherUrls)
            {
                throw new CheckException(
                    "the installation does not allow policies to name an Alertmanager: remove url, or set "
                    + "alertmanager.allowOtherUrls in the chart (--alertmanager-allow-other-urls)");
            }

            if (RequestRules.Problem(check.BearerTokenSecretRef, check.Tls) is var (field, message))
            {
                throw new CheckException($"{field} {message}");
            }

            var (other, problem) = Placeholders.InUrl(url, "", null);
            return new HttpProbe(other ?? throw new CheckException(problem))
            {
                Outbound = outbound,
                Tls = await TlsAsync(check.Tls, cancellationToken),
                BearerToken = await TokenAsync(check.BearerTokenSecretRef, cancellationToken),
                MaxRedirects = 0,
                MaxBytes = MostBytes,
            };
        }

        return new HttpProbe(Alertmanager.Url ?? throw new CheckException(
            "no Alertmanager is configured: set alertmanager.url in the chart (--alertmanager-url)"))
        {
            Outbound = outbound,
            Tls = new() { Authorities = await FileAsync(Alertmanager.AuthoritiesFile, cancellationToken) },
            BearerToken = (await FileAsync(Alertmanager.TokenFile, cancellationToken))?.Trim(),
            MaxRedirects = 0,
            MaxBytes = MostBytes,
        };
    }

    private static async Task<string?> FileAsync(string? path, CancellationToken cancellationToken)
    {
        try
        {
            return path is null ? null : await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckException($"a file of the installation's Alertmanager cannot be read: {e.Message}");
        }
    }

    /// <summary>
    /// In the address and not in the body: proxies that enforce a namespace (prom-label-proxy, as in front of Thanos on OpenShift) read
    /// them only there.
    /// </summary>
    private static string Query(IReadOnlyList<RequestParameter>? parameters) => parameters is not { Count: > 0 }
        ? ""
        : $"?{string.Join('&', parameters.Select(static p => $"{Uri.EscapeDataString(p.Name)}={Uri.EscapeDataString(p.Value)}"))}";

    private async Task<string?> TokenAsync(SecretReference? secret, CancellationToken cancellationToken)
    {
        var token = secret is null ? null : (await _secrets.ReadAsync(secret, "token", cancellationToken)).Trim();
        return token?.Any(c => c is < '!' or > '~') == true
            ? throw new CheckException(
                $"the key token of the Secret {secret!.Namespace}/{secret.Name} is not a token: it has blanks or other invalid characters")
            : token;
    }

    private async Task<HttpProbeTls> TlsAsync(CheckTls? tls, CancellationToken cancellationToken) => new()
    {
        Authorities = tls?.CaSecretRef is { } secret ? await _secrets.ReadAsync(secret, "ca.crt", cancellationToken) : tls?.CaBundle,
        ServerName = tls?.ServerName,
        Insecure = tls?.InsecureSkipVerify ?? false,
    };

    private static async Task<HttpProbeAnswer> AskAsync(HttpProbe probe, CancellationToken cancellationToken)
    {
        try
        {
            return await probe.SendAsync(cancellationToken);
        }
        catch (HttpProbeException e)
        {
            throw new CheckException($"{HttpFinding.Shown(probe.Uri)}: {e.Message}");
        }
    }
}
