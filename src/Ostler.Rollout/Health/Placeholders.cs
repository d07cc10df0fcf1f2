using System.Net;

namespace Ostler.Rollout.Health;

/// <summary>
/// Puts a node's name and address into the texts of checks. The API server admits only DNS names for nodes, in which no character means
/// anything in a URL or in PromQL; that is not relied on. What is no such name is refused, and what is put in is escaped for where it goes.
/// </summary>
public static class Placeholders
{
    public const string Node = "{node}";
    public const string Address = "{address}";

    /// <summary>Whether a text has one, which only a node can fill in.</summary>
    public static bool IsIn(string text) =>
        text.Contains(Node, StringComparison.Ordinal) || text.Contains(Address, StringComparison.Ordinal);

    /// <summary>Into a URL.</summary>
    /// <returns>The URL, or why there is none.</returns>
    public static (Uri? Uri, string Problem) InUrl(string template, string node, string? address)
    {
        if (Refuse(template, node, address) is { } problem)
        {
            return (null, problem);
        }

        var text = template.Replace(Node, Uri.EscapeDataString(node), StringComparison.Ordinal).Replace(Address, HostOf(address), StringComparison.Ordinal);
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp) && uri.Host.Length > 0
            ? (uri, "")
            : (null, $"{text} is not an http or https URL");
    }

    /// <summary>
    /// Into a PromQL query: escaped as in a double-quoted string. In a regular expression the dots of a name match any character.
    /// </summary>
    /// <returns>The query, or why there is none.</returns>
    public static (string? Query, string Problem) InPromQL(string template, string node, string? address) => Refuse(template, node, address) is { } problem
        ? (null, problem)
        : (template.Replace(Node, Quote(node), StringComparison.Ordinal).Replace(Address, Quote(address ?? ""), StringComparison.Ordinal), "");

    /// <summary>Into the name of an object.</summary>
    /// <returns>The name, or why there is none.</returns>
    public static (string? Name, string Problem) InName(string template, string node) =>
        Refuse(template, node, null) is { } problem ? (null, problem) : (template.Replace(Node, node, StringComparison.Ordinal), "");

    /// <summary>Into the value of a label, or into a regular expression that it must match, where the dots of a name match any
    /// character.</summary>
    /// <returns>The value, or why there is none.</returns>
    public static (string? Value, string Problem) InLabel(string template, string node) => InName(template, node);

    /// <summary>A DNS subdomain: what Kubernetes allows as the name of most objects.</summary>
    public static bool IsDnsName(string name) =>
        name.Length is > 0 and <= 253
        && name.Split('.').All(part =>
            part.Length > 0 && part[0] != '-' && part[^1] != '-' && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'));

    private static string? Refuse(string template, string node, string? address)
    {
        if (template.Contains(Node, StringComparison.Ordinal) && !IsDnsName(node))
        {
            return "the node's name cannot be part of a URL";
        }

        return !template.Contains(Address, StringComparison.Ordinal) ? null
            : address is null ? "the Node has no InternalIP in its status.addresses, so {address} has no value"
            : IsAddress(address) ? null
            : "the Node's InternalIP is not an IP address";
    }

    // IPAddress alone would take "1" and a scope as in fe80::1%eth0.
    private static bool IsAddress(string address) =>
        IPAddress.TryParse(address, out _) && address.AsSpan().ContainsAny('.', ':') && address.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':');

    private static string HostOf(string? address) => address is null ? "" : address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    private static string Quote(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
}
