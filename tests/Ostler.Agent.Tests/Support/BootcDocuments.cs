namespace Ostler.Agent.Tests.Support;

/// <summary>
/// Outputs of <c>bootc status</c> that nobody recorded from a real host, in the form of 1.12.0. Digests end in the version.
/// </summary>
internal static class BootcDocuments
{
    public const string Booted =
        """
        {"apiVersion":"org.containers.bootc/v1","kind":"BootcHost","metadata":{"name":"host"},"spec":{"bootOrder":"default","image":null},"status":{"booted":
        {"cachedUpdate":null,"downloadOnly":false,"image":{"architecture":"amd64","image":{"image":"quay.io/acme/edge-os:stable","transport":"registry"},
        "imageDigest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","timestamp":null,"version":"1.0"},"incompatible":false,
        "ostree":{"checksum":"1111111111111111111111111111111111111111111111111111111111111111","deploySerial":0,"stateroot":"default"},"pinned":false,
        "softRebootCapable":false,"store":"ostreeContainer"},"otherDeployments":[],"rollback":null,"rollbackQueued":false,"staged":null,"type":"bootcHost","usrOverlay":null}}
        """;

    /// <summary>
    /// Entries as <c>a</c>, <c>b</c>, <c>c</c> (the digit of their digests), which of them is staged, booted, the rollback; others are
    /// pinned.
    /// </summary>
    public static string Of(
        string booted,
        string? staged = null,
        string? rollback = null,
        string? other = null,
        bool rollbackQueued = false,
        string? signature = null,
        bool downloadOnly = false,
        bool softReboot = false) =>
        $$$"""
        {"kind":"BootcHost","status":{"booted":{{{Entry(booted, signature)}}},"staged":{{{Entry(staged, null, downloadOnly, softReboot)}}},"rollback":{{{Entry(rollback)}}},
        "otherDeployments":[{{{(other is null ? "" : Entry(other).Replace("\"pinned\":false", "\"pinned\":true", StringComparison.Ordinal))}}}],
        "rollbackQueued":{{{(rollbackQueued ? "true" : "false")}}},"type":"bootcHost"}}
        """;

    public static string Digest(char letter) => "sha256:" + new string(letter, 64);

    private static string Entry(string? letter, string? signature = null, bool downloadOnly = false, bool softReboot = false) => letter is null ? "null" :
        $$$"""
        {"image":{"image":{"image":"quay.io/acme/edge-os","transport":"registry"{{{(signature is null ? "" : $",\"signature\":{signature}")}}} },"imageDigest":"{{{Digest(letter[0])}}}","version":"{{{letter}}}.0"},
        "incompatible":false,"pinned":false,"downloadOnly":{{{(downloadOnly ? "true" : "false")}}},"softRebootCapable":{{{(softReboot ? "true" : "false")}}},
        "ostree":{"checksum":"{{{new string(letter[0], 63)}}}0","deploySerial":0,"stateroot":"default"}}
        """;
}
