using System.Security.Cryptography;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
    private const string ExactlyOneKind =
        "set exactly one of systemd, exec, http, pods, workloads, prometheus, condition, alerts and nodeConditions";

    private static void CheckHealth(HealthSpec health, string ownNamespace, Problems problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (health.Checks?.Count ?? 0); i++)
        {
            var check = health.Checks![i];
            var at = $"spec.health.checks[{i}]";
            if (!names.Add(check.Name))
            {
                problems.Invalid($"{at}.name", $"{check.Name} is used twice");
            }

            if (CheckKinds.RunnerOf(check) == CheckRunner.None)
            {
                problems.Invalid(at, check.Unknown is { Count: > 0 } || CheckKinds.KindOf(check) != CheckKind.Unknown ? CheckKinds.WhyUnknown(check, "controller") : ExactlyOneKind);
                continue;
            }

            CheckPace(at, check, health.Timeout, problems);
            CheckOne(at, check, ownNamespace, problems);
        }
    }

    private static void CheckPace(string at, HealthCheck check, Duration within, Problems problems)
    {
        foreach (var (field, duration) in ((string, Duration)[])[("interval", check.Interval), ("timeout", check.Timeout)])
        {
            if (duration.Value < CheckKinds.Shortest || duration.Value > CheckKinds.Longest)
            {
                problems.Invalid($"{at}.{field}", "must be from 1s to 1h");
                return;
            }
        }

        if (check.Successes is < 1 or > 100)
        {
            problems.Invalid($"{at}.successes", "must be from 1 to 100");
        }
        else if (check.Interval.Value * (check.Successes - 1) >= within.Value && within.Value > TimeSpan.Zero)
        {
            problems.Invalid(
                $"{at}.successes",
                $"{check.Successes} tries with {check.Interval} between them cannot pass within spec.health.timeout ({within}): lower it or the interval, or raise the timeout");
        }
    }

    private static void CheckOne(string at, HealthCheck check, string ownNamespace, Problems problems)
    {
        Action<string> validate = CheckKinds.KindOf(check) switch
        {
            CheckKind.Systemd => field => CheckSystemd(field, check.Systemd!, problems),
            CheckKind.Exec => field => CheckExec(field, check.Exec!, problems),
            CheckKind.Http => field => CheckHttp(field, check.Http!, ownNamespace, problems),
            CheckKind.Pods => field => CheckSelector($"{field}.selector", check.Pods!.Selector, "Name the labels of the pods that must be Ready again", problems),
            CheckKind.Workloads => field => CheckWorkloads(field, check.Workloads!, problems),
            CheckKind.Prometheus => field => CheckPrometheus(field, check.Prometheus!, ownNamespace, problems),
            CheckKind.Condition => field => CheckCondition(field, check.Condition!, problems),
            CheckKind.Alerts => field => CheckAlerts(field, check.Alerts!, ownNamespace, problems),
            CheckKind.NodeConditions => field => CheckNodeConditions(field, check.NodeConditions!.Types, problems),
            CheckKind.Unknown => _ => problems.Invalid(at, ExactlyOneKind),
        };
        validate($"{at}.{CheckKinds.NameOf(check)}");
    }

    private static void CheckSystemd(string at, SystemdCheck check, Problems problems)
    {
        if (check is { NoneFailed: false, Active: null or { Count: 0 } })
        {
            problems.Invalid(at, "checks nothing: list units in active, or set noneFailed");
        }
    }

    private static void CheckExec(string at, ExecCheck check, Problems problems)
    {
        if (check.Command is not [['/', ..], ..])
        {
            problems.Invalid($"{at}.command", "must begin with the absolute path of a program, because no shell looks it up");
        }
    }

    private static void CheckWorkloads(string at, WorkloadsCheck check, Problems problems)
    {
        if (check.Timeout.Value < TimeSpan.Zero)
        {
            problems.Invalid($"{at}.timeout", "must be 0s, which means that no workload is waited for, or longer");
        }
    }

    private static void CheckHttp(string at, HttpCheck check, string ownNamespace, Problems problems)
    {
        CheckUrl($"{at}.url", check.Url, problems);
        CheckTls($"{at}.tls", check.Tls, check.Url, ownNamespace, problems);
        if (check is { From: HttpCheckOrigin.Host, Tls.CaSecretRef: not null })
        {
            problems.Invalid($"{at}.tls.caSecretRef", "is not for checks on the host, because agents read no Secrets: put the certificates into caBundle");
        }
    }

    private static void CheckCondition(string at, ConditionCheck check, Problems problems)
    {
        if (FieldCondition.IsOfSecret(check.Kind))
        {
            problems.Invalid($"{at}.kind", "must not be Secret, because a check would show its content. Check an object that reports the state in its status");
        }

        if (check is { Name: not null, Selector: not null })
        {
            problems.Invalid(at, "set name or selector, or neither to check all objects of the kind");
        }

        if (check.Selector is { } selector)
        {
            CheckSelector($"{at}.selector", selector, "To check all objects of the kind, remove it", problems);
        }

        if (JsonPath.Parse(check.Path) is (null, var problem))
        {
            problems.Invalid($"{at}.path", problem);
        }

        var needsValue = check.Operator is not (ConditionOperator.Exists or ConditionOperator.DoesNotExist);
        if (needsValue != check.Value is not null)
        {
            problems.Invalid(at, needsValue ? $"value must be set with {check.Operator}" : $"value must not be set with {check.Operator}");
        }
        else if (FieldCondition.IsNumeric(check.Operator) && !FieldCondition.TryNumber(check.Value, out _))
        {
            problems.Invalid($"{at}.value", $"must be a number with {check.Operator}");
        }
    }

    /// <summary>With any node's name and address put in it must be a URL.</summary>
    private static void CheckUrl(string field, string url, Problems problems)
    {
        var (uri, problem) = Placeholders.InUrl(url, "node", "192.0.2.1");
        if (uri is null)
        {
            problems.Invalid(field, problem);
        }
        else if (uri.UserInfo.Length > 0)
        {
            problems.Invalid(field, "must not hold a user or a password: everyone who can read policies could read them");
        }
        else if (uri.OriginalString.AsSpan().ContainsAny('{', '}'))
        {
            problems.Invalid(field, "has a brace: only {node} and {address} are placeholders; write other braces as %7B and %7D");
        }
    }

    private static void CheckTls(string at, CheckTls? tls, string url, string ownNamespace, Problems problems)
    {
        if (tls is null)
        {
            return;
        }

        if (!IsHttps(url))
        {
            problems.Invalid(at, "has no effect with an http URL: use https, or remove it");
        }

        if (tls.CaBundle is not null && tls.CaSecretRef is not null)
        {
            problems.Invalid(at, "set at most one of caBundle and caSecretRef");
        }

        if (tls.InsecureSkipVerify && (tls.CaBundle is not null || tls.CaSecretRef is not null || tls.ServerName is not null))
        {
            problems.Invalid($"{at}.insecureSkipVerify", "overrides the rest of tls: set one or the other");
        }

        if (tls.CaBundle is { } bundle && !(PemEncoding.TryFind(bundle, out var found) && bundle[found.Label] == "CERTIFICATE"))
        {
            problems.Invalid($"{at}.caBundle", "has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
        }

        CheckSecret($"{at}.caSecretRef", tls.CaSecretRef, ownNamespace, problems);
    }

    private static void CheckSecret(string field, SecretReference? secret, string ownNamespace, Problems problems)
    {
        if (secret is not null && secret.Namespace != ownNamespace)
        {
            problems.Invalid($"{field}.namespace", $"must be {ownNamespace}: Ostler reads Secrets of its own namespace only. Copy the Secret there");
        }
    }

    private static bool IsHttps(string url) => url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
}
