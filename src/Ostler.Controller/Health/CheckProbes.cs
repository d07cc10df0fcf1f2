using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Controller.Drain;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Probes;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Health;

/// <summary>
/// Makes one try of any check of the controller's. What keeps it from being made is a finding too, and never an exception.
/// </summary>
/// <param name="client">The API server, for Secrets and for conditions.</param>
/// <param name="pods">The pods of nodes that hold a slot.</param>
/// <param name="time">The clock.</param>
/// <param name="outbound">Which addresses checks may connect to; null: the default.</param>
internal sealed class CheckProbes(ApiClient client, IDrainingPods pods, TimeProvider time, OutboundRules? outbound = null)
{
    /// <summary>How often it is looked whether a node's pods are known.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly OutboundRules _outbound = outbound ?? OutboundRules.Default;
    private readonly CheckSecrets _secrets = new(client);
    private readonly ConditionProbe _conditions = new(client);

    public async Task<CheckFinding> MakeAsync(CheckSubject subject, HealthCheck check, CancellationToken cancellationToken)
    {
        if (CheckKinds.RunnerOf(check) == CheckRunner.None)
        {
            return CheckFinding.Error(CheckKinds.WhyUnknown(check, "controller"));
        }

        try
        {
            return CheckKinds.KindOf(check) switch
            {
                CheckKind.Http => await HttpAsync(subject, check.Http!, cancellationToken),
                CheckKind.Prometheus => await PrometheusAsync(subject, check.Prometheus!, check.Timeout, cancellationToken),
                CheckKind.Condition => await _conditions.MakeAsync(subject, check.Condition!, cancellationToken),
                CheckKind.Pods => await PodsAsync(subject, check.Name, cancellationToken),
                CheckKind.Systemd or CheckKind.Exec or CheckKind.Workloads => CheckFinding.Error($"the controller does not run {CheckKinds.NameOf(check)} checks"),
                CheckKind.Unknown => CheckFinding.Error(CheckKinds.WhyUnknown(check, "controller")),
            };
        }
        catch (CheckException e)
        {
            return CheckFinding.Error(e.Message);
        }
    }

    private async Task<CheckFinding> HttpAsync(CheckSubject subject, HttpCheck check, CancellationToken cancellationToken)
    {
        var (uri, problem) = Placeholders.InUrl(check.Url, subject.Node, subject.Address);
        if (uri is null)
        {
            return CheckFinding.Error(problem);
        }

        var answer = await AskAsync(new HttpProbe(uri) { Outbound = _outbound, Tls = await TlsAsync(check.Tls, cancellationToken) }, cancellationToken);
        return HttpFinding.Of(uri, answer.Code, answer.Phrase, answer.Body);
    }

    private async Task<CheckFinding> PrometheusAsync(CheckSubject subject, PrometheusCheck check, Duration timeout, CancellationToken cancellationToken)
    {
        var (server, problem) = Placeholders.InUrl(check.Url, subject.Node, subject.Address);
        var (query, wrong) = Placeholders.InPromQL(check.Query, subject.Node, subject.Address);
        if (server is null || query is null)
        {
            return CheckFinding.Error(server is null ? problem : wrong);
        }

        // Again, although validation says the same: a policy that was edited under a node is still carried out for it.
        if (RequestRules.Problem(check) is var (field, message))
        {
            return CheckFinding.Error($"{field} {message}");
        }

        var token = check.BearerTokenSecretRef is { } secret ? (await _secrets.ReadAsync(secret, "token", cancellationToken)).Trim() : null;
        if (token?.Any(c => c is < '!' or > '~') == true)
        {
            return CheckFinding.Error($"the key token of the Secret {check.BearerTokenSecretRef!.Namespace}/{check.BearerTokenSecretRef.Name} is not a token: it has blanks or other invalid characters");
        }

        var probe = new HttpProbe(new Uri($"{server.AbsoluteUri.TrimEnd('/')}/api/v1/query{Query(check.Parameters)}"))
        {
            Outbound = _outbound,
            Headers = [.. (check.Headers ?? []).Select(static h => KeyValuePair.Create(h.Name, h.Value))],
            Tls = await TlsAsync(check.Tls, cancellationToken),
            BearerToken = token,

            // The server, too, gives up a query that nobody waits for any more. In seconds: it knows no fractions in durations like 1.5s.
            Form = new Dictionary<string, string> { ["query"] = query, ["timeout"] = timeout.Value.TotalSeconds.ToString(CultureInfo.InvariantCulture) },
            MaxRedirects = 0,
            MaxBytes = 1024 * 1024,
        };
        var answer = await AskAsync(probe, cancellationToken);
        var finding = answer.IsCut
            ? CheckFinding.Error("the answer is longer than 1 MiB: return fewer series, for example with sum or min")
            : PrometheusAnswer.Judge(answer.Code, answer.Body, check.Want);
        return finding with { Message = $"{server.Authority}: {finding.Message}" };
    }

    /// <summary>
    /// In the address and not in the body: proxies that enforce a namespace (prom-label-proxy, as in front of Thanos on OpenShift) read
    /// them only there.
    /// </summary>
    private static string Query(IReadOnlyList<RequestParameter>? parameters) => parameters is not { Count: > 0 }
        ? ""
        : $"?{string.Join('&', parameters.Select(static p => $"{Uri.EscapeDataString(p.Name)}={Uri.EscapeDataString(p.Value)}"))}";

    private async Task<CheckFinding> PodsAsync(CheckSubject subject, string name, CancellationToken cancellationToken)
    {
        IReadOnlyList<PodFacts>? known;
        while ((known = pods.PodsOf(subject.Node)) is null)
        {
            // Just after a start. The caller's timeout ends it.
            await Task.Delay(Look, time, cancellationToken);
        }

        return PodRecovery.Judge(subject.ReadyBefore?.FirstOrDefault(b => b.Check == name), known);
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
