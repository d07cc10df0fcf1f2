using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
    private const string ExactlyOneGateKind = "set exactly one of prometheus, http, condition, pods, alerts and nodeConditions";

    private static void CheckGates(IReadOnlyList<GateSpec>? gates, string ownNamespace, Problems problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (gates?.Count ?? 0); i++)
        {
            var gate = gates![i];
            var at = $"spec.gates[{i}]";
            if (!names.Add(gate.Name))
            {
                problems.Invalid($"{at}.name", $"{gate.Name} is used twice");
            }

            if (CheckKinds.KindOf(gate) == CheckKind.Unknown)
            {
                problems.Invalid(at, gate.Unknown is { Count: > 0 } ? CheckKinds.WhyUnknown(gate) : ExactlyOneGateKind);
                continue;
            }

            CheckGatePace(at, gate, problems);
            CheckGate(at, gate, ownNamespace, problems);
        }
    }

    private static void CheckGatePace(string at, GateSpec gate, Problems problems)
    {
        if (gate.Interval.Value < GateRules.ShortestInterval || gate.Interval.Value > GateRules.LongestInterval)
        {
            problems.Invalid($"{at}.interval", "must be from 5s to 1h");
        }

        if (gate.Timeout.Value < GateRules.ShortestTimeout || gate.Timeout.Value > GateRules.LongestTimeout)
        {
            problems.Invalid($"{at}.timeout", "must be from 1s to 20s");
        }
        else if (gate.Timeout.Value > gate.Interval.Value)
        {
            problems.Invalid($"{at}.timeout",
                $"must not be longer than the interval ({gate.Interval}): an answer that took that long would open nothing");
        }

        if (gate.For.Value < TimeSpan.Zero)
        {
            problems.Invalid($"{at}.for", "must be 0s or longer");
        }

        if (GateRules.IsOfNodes(gate) && gate.At != GatePoint.Slot)
        {
            problems.Invalid($"{at}.at",
                $"must be Slot with scope Node: {gate.At} holds back all nodes, and the gate decides for each by itself");
        }
    }

    private static void CheckGate(string at, GateSpec gate, string ownNamespace, Problems problems)
    {
        var field = $"{at}.{CheckKinds.NameOf(gate)}";
        Action validate = CheckKinds.KindOf(gate) switch
        {
            CheckKind.Http => () => CheckHttpGate(field, gate.Http!, ownNamespace, problems),
            CheckKind.Pods => () => CheckSelector($"{field}.selector", gate.Pods!.Selector, "Name the labels of the pods", problems),
            CheckKind.Prometheus => () => CheckPrometheusGate(field, gate.Prometheus!, ownNamespace, problems),
            CheckKind.Condition => () => CheckConditionGate(field, gate.Condition!, problems),
            CheckKind.Alerts => () => CheckAlertsGate(field, gate.Alerts!, ownNamespace, problems),
            CheckKind.NodeConditions => () => CheckNodeConditions(field, gate.NodeConditions!.Types, problems),
            CheckKind.Systemd or CheckKind.Exec or CheckKind.Workloads or CheckKind.Unknown => () =>
                problems.Invalid(at, ExactlyOneGateKind),
        };
        validate();
    }

    private static void CheckHttpGate(string at, HttpCheck check, string ownNamespace, Problems problems)
    {
        if (check.From != HttpCheckOrigin.Controller)
        {
            problems.Invalid($"{at}.from", "must be Controller: a gate belongs to no host");
        }

        CheckHttp(at, check, ownNamespace, problems);
        CheckNoPlaceholder($"{at}.url", check.Url, problems);
    }

    private static void CheckPrometheusGate(string at, PrometheusCheck check, string ownNamespace, Problems problems)
    {
        CheckPrometheus(at, check, ownNamespace, problems);
        CheckNoPlaceholder($"{at}.url", check.Url, problems);
        CheckNoPlaceholder($"{at}.query", check.Query, problems);
    }

    private static void CheckConditionGate(string at, ConditionCheck check, Problems problems)
    {
        CheckCondition(at, check, problems);
        CheckNoPlaceholder($"{at}.name", check.Name ?? "", problems);
    }

    private static void CheckAlertsGate(string at, AlertsCheck check, string ownNamespace, Problems problems)
    {
        CheckAlerts(at, check, ownNamespace, problems);
        for (var i = 0; i < check.Matchers.Count; i++)
        {
            CheckNoPlaceholder($"{at}.matchers[{i}].value", check.Matchers[i].Value, problems);
        }
    }

    private static void CheckNoPlaceholder(string field, string text, Problems problems)
    {
        if (Placeholders.IsIn(text))
        {
            problems.Invalid(field,
                "must not contain {node} or {address}: a gate speaks of no single node. Use a check in spec.health.checks, or write the "
                + "names out");
        }
    }

    private static void CheckAlerts(string at, AlertsCheck check, string ownNamespace, Problems problems)
    {
        if (check.Matchers.Count == 0)
        {
            problems.Invalid($"{at}.matchers", "selects no alerts: add a matcher, such as {name: severity, value: critical}");
        }

        for (var i = 0; i < check.Matchers.Count; i++)
        {
            var name = check.Matchers[i].Name;
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':'))
            {
                problems.Invalid($"{at}.matchers[{i}].name",
                    "must be the name of a label: letters, digits and _, not beginning with a digit");
            }
        }

        if (check.Url is null)
        {
            if (check is { Tls: not null } or { BearerTokenSecretRef: not null })
            {
                problems.Invalid(at, "tls and bearerTokenSecretRef belong to url: the installation's Alertmanager has its own");
            }

            return;
        }

        CheckServer(at, check.Url, check.Tls, check.BearerTokenSecretRef, ownNamespace, problems);
        CheckNoPlaceholder($"{at}.url", check.Url, problems);
    }

    private static void CheckNodeConditions(string at, IReadOnlyList<string> types, Problems problems)
    {
        if (types.Count == 0 || types.Any(static t => t.Length == 0))
        {
            problems.Invalid($"{at}.types", "names no condition: add one, such as KernelDeadlock");
        }

        if (types.Distinct(StringComparer.Ordinal).Count() != types.Count)
        {
            problems.Invalid($"{at}.types",
                $"names a condition twice: {MessageText.List([.. types.GroupBy(t => t).Where(g => g.Count() > 1).Select(g => g.Key)])}");
        }
    }
}
