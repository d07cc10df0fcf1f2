using System.Security.Cryptography;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
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

            if (CheckKinds.KindsOf(check).Count() != 1)
            {
                problems.Invalid(at, "set exactly one of systemd, exec, http, pods, workloads, prometheus and condition");
                continue;
            }

            CheckPace(at, check, health.Timeout, problems);
            CheckKind(at, check, ownNamespace, problems);
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

    private static void CheckKind(string at, HealthCheck check, string ownNamespace, Problems problems)
    {
        switch (check)
        {
            case { Systemd: { NoneFailed: false, Active: null or { Count: 0 } } }:
                problems.Invalid($"{at}.systemd", "checks nothing: list units in active, or set noneFailed");
                break;
            case { Exec.Command: not [['/', ..], ..] }:
                problems.Invalid($"{at}.exec.command", "must begin with the absolute path of a program, because no shell looks it up");
                break;
            case { Http: { } http }:
                CheckUrl($"{at}.http.url", http.Url, problems);
                CheckTls($"{at}.http.tls", http.Tls, http.Url, ownNamespace, problems);
                if (http is { From: HttpCheckOrigin.Host, Tls.CaSecretRef: not null })
                {
                    problems.Invalid($"{at}.http.tls.caSecretRef", "is not for checks on the host, because agents read no Secrets: put the certificates into caBundle");
                }

                break;
            case { Pods: { } pods }:
                CheckSelector($"{at}.pods.selector", pods.Selector, "Name the labels of the pods that must be Ready again", problems);
                break;
            case { Prometheus: { } prometheus }:
                CheckPrometheus($"{at}.prometheus", prometheus, ownNamespace, problems);
                break;
            case { Condition: { } condition }:
                CheckCondition($"{at}.condition", condition, problems);
                break;
        }
    }

    private static void CheckCondition(string at, ConditionCheck check, Problems problems)
    {
        if (FieldCondition.IsOfSecret(check.Kind))
        {
            problems.Invalid($"{at}.kind", "must not be Secret, because a check would show its content. Check an object that reports the state in its status");
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
