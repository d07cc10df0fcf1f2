using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Testing.ControlPlane;

namespace Ostler.Agent.Tests.Backends.Bootc;

/// <summary>Every recorded output of bootc, and what it says.</summary>
public sealed partial class BootcSamplesTests
{
    private const string Rejected = "(rejected)";

    /// <summary>
    /// File, deployments as <see cref="Lists.Describe(HostDeployments)"/> writes them, and whether bootc manages the host.
    /// </summary>
    private static readonly (string File, string Deployments, bool Managed)[] Statuses =
    [
        ("flightctl-bootc-status.json", "be56s c2a7* be56", true),
        ("insights-bootc-status.json", "1223* 21a0", true),
        ("puptoo-bootc_status-bootc-status.json", "1223* 21a0", true),
        ("puptoo-bootc_status-bootc-status-bad-data.json", Rejected, false),
        ("puptoo-bootc_status-bootc-status-special-data.json", "21a0", false),
        ("puptoo-bootc_status-bootc-status-with-cachedupdate-1.json", "d778s d09e*", true),
        ("puptoo-bootc_status-bootc-status-with-cachedupdate-2.json", "d778s d09e*", true),
        ("puptoo-bootc_status-bootc-status-with-null-image-obj.json", "4dd8si 4dd8*i d778", false),
        ("real-not-a-bootc-host.json", "", false),
        ("spec-v1-null.json", "", false),
        ("old-v0.1.15-spec-ostree-remote.yaml", "944c*", true),
        ("old-v0.1.15-spec-v1a1-orig.yaml", "7566s 3c34*", true),
        ("old-v0.1.15-spec-v1a1.yaml", "944c*", true),
        ("old-v1.1.0-spec-only-booted.yaml", "2b38*", true),
        ("old-v1.1.0-spec-ostree-remote.yaml", "944c*", true),
        ("old-v1.1.0-spec-ostree-to-bootc.yaml", "2b38s f791*", false),
        ("old-v1.1.0-spec-rfe-ostree-deployment.yaml", "3a45si f791*", false),
        ("old-v1.1.0-spec-staged-booted.yaml", "7566s 3c34*", true),
        ("old-v1.1.0-spec-staged-rollback.yaml", "7566s 3c34", false),
        ("old-v1.1.0-spec-v1a1-orig.yaml", "7566s 3c34*", true),
        ("old-v1.1.0-spec-v1a1.yaml", "944c*", true),
        ("old-v1.1.0-spec-via-local-oci.yaml", "2b38*", true),
        ("spec-booted-pinned.yaml", "2b38*p 2b37p", true),
        ("spec-booted-update-same-digest.yaml", "2b38*", true),
        ("spec-booted-usroverlay.yaml", "3c34*m", true),
        ("spec-booted-with-update-no-version.yaml", "2b38*", true),
        ("spec-booted-with-update.yaml", "2b38*", true),
        ("spec-only-booted.yaml", "2b38*", true),
        ("spec-ostree-remote.yaml", "944c*", true),
        ("spec-ostree-to-bootc.yaml", "2b38s f791*", false),
        ("spec-rfe-ostree-deployment.yaml", "3a45si f791*", false),
        ("spec-staged-booted.yaml", "7566s 3c34*", true),
        ("spec-staged-download-only.yaml", "7566sl 3c34*", true),
        ("spec-staged-rollback.yaml", "7566s 3c34", false),
        ("spec-v1a1-orig.yaml", "7566s 3c34*", true),
        ("spec-v1a1.yaml", "944c*", true),
        ("spec-via-local-oci.yaml", "2b38*", true),
        ("status-issue465-booted-flag.yaml", "4ba6* c621", true),
    ];

    /// <summary>What bootc complained of, and the reason that this is told as.</summary>
    private static readonly (string File, string Reason, string Words)[] Complaints =
    [
        ("stderr-missing-base-image-ref.txt", Reasons.HostToolFailed, "ostree admin undeploy"),
        ("stderr-status-readonly-sysroot.txt", Reasons.HostToolFailed, "Permission denied"),
    ];

    /// <summary>No outputs of status and no complaints; each has a test of its own.</summary>
    private static readonly string[] Others = ["host-v1.schema.json", "progress-v0.schema.json", "text-switch-ok.txt"];

    public static TheoryData<string, string, bool> StatusFiles =>
        [.. Statuses.Select(s => new TheoryDataRow<string, string, bool>(s.File, s.Deployments, s.Managed) { Label = s.File })];

    public static TheoryData<string, string, string> ComplaintFiles =>
        [.. Complaints.Select(c => new TheoryDataRow<string, string, string>(c.File, c.Reason, c.Words) { Label = c.File })];

    [Fact]
    public void No_sample_is_forgotten() => Assert.Equal(
        Directory.EnumerateFiles(Folder()).Select(f => Path.GetFileName(f)).Where(f => !f.EndsWith(".source", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        Statuses.Select(s => s.File).Concat(Complaints.Select(c => c.File)).Concat(Others).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(StatusFiles))]
    public void A_status_is_read(string file, string deployments, bool managed)
    {
        var host = BootcStatusJson.Parse(Json(file));

        Assert.Equal(deployments, Lists.Describe(host?.Deployments) ?? Rejected);
        Assert.Equal(managed, host is { WhyNotManaged: null });
    }

    [Theory, MemberData(nameof(ComplaintFiles))]
    public void A_complaint_is_understood(string file, string reason, string words)
    {
        var failure = BootcCommands.Failure(BootcStatus.Command, new CommandResult(1, "", File.ReadAllText(Path.Combine(Folder(), file))));

        Assert.Equal(reason, failure.Reason);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_staged_image_is_read_to_the_last_detail()
    {
        var deployments = BootcStatusJson.Parse(Json("flightctl-bootc-status.json"))!.Deployments;

        Assert.Equal(
            new HostDeployment
            {
                Index = 0,
                Stateroot = "default",
                Digest = "sha256:9cb8667ee31d6a9e458e11addbcde67a2ff8047bc0d4767b9df9d84abf50be56",
                Checksum = "f627c830e921afe918402486d5fe8a7ffaf3bd8c0d21311cba28facc9b17b9e2",
                Serial = 4,
                Version = "stream9.20240224.0",
                Reference = "quay.io/flightctl/flightctl-agent-basic-nginx",
                Staged = true,
            },
            deployments.Staged);
        Assert.Equal((3, "39.20240315.0"), (deployments.Rollback?.Serial, deployments.Booted?.Version));
        Assert.Equal(deployments.Staged, deployments.Next);
    }

    [Fact]
    public void A_writable_usr_is_told()
    {
        var booted = BootcStatusJson.Parse(Json("spec-booted-usroverlay.yaml"))!.Deployments.Booted;

        Assert.Equal("transient", booted?.Mutated);
    }

    [Fact]
    public void Why_a_host_is_not_bootcs_is_told()
    {
        Assert.Contains("layered", BootcStatusJson.Parse(Json("puptoo-bootc_status-bootc-status-with-null-image-obj.json"))!.WhyNotManaged, StringComparison.Ordinal);
        Assert.Contains("container image", BootcStatusJson.Parse(Json("spec-ostree-to-bootc.yaml"))!.WhyNotManaged, StringComparison.Ordinal);
        Assert.Contains("booted", BootcStatusJson.Parse(Json("real-not-a-bootc-host.json"))!.WhyNotManaged, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_switch_tells_people_is_no_status()
    {
        Assert.Null(BootcStatusJson.Parse(File.ReadAllText(Path.Combine(Folder(), "text-switch-ok.txt"))));
        Assert.Null(BootcStatusJson.Parse(File.ReadAllText(Path.Combine(Folder(), "progress-v0.schema.json"))));
    }

    [Fact]
    public void The_schema_has_every_field_that_is_read()
    {
        var definitions = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "host-v1.schema.json")))!["$defs"]!;

        string[] Fields(string type) => [.. definitions[type]!["properties"]!.AsObject().Select(p => p.Key)];
        Assert.Superset(new HashSet<string> { "staged", "booted", "rollback", "otherDeployments", "rollbackQueued", "usrOverlay" }, Fields("HostStatus").ToHashSet());
        Assert.Superset(
            new HashSet<string> { "image", "incompatible", "pinned", "softRebootCapable", "downloadOnly", "ostree" }, Fields("BootEntry").ToHashSet());
        Assert.Superset(new HashSet<string> { "image", "version", "imageDigest" }, Fields("ImageStatus").ToHashSet());
        Assert.Superset(new HashSet<string> { "image", "transport", "signature" }, Fields("ImageReference").ToHashSet());
        Assert.Superset(new HashSet<string> { "checksum", "deploySerial", "stateroot" }, Fields("BootEntryOstree").ToHashSet());
    }

    /// <summary>
    /// The sample as JSON. Those in YAML have a tag that only Rust writes so, and versions that only YAML takes for numbers.
    /// </summary>
    private static string Json(string file)
    {
        var text = File.ReadAllText(Path.Combine(Folder(), file));
        return file.EndsWith(".yaml", StringComparison.Ordinal)
            ? YamlDocuments.Read(Version().Replace(text.Replace("!ostreeRemote \"fedora\"", "{ostreeRemote: fedora}", StringComparison.Ordinal), "$1\"$2\"")).Single().ToJsonString()
            : text;
    }

    private static string Folder()
    {
        Assert.SkipWhen(Shared.Samples is null, Shared.WhyNot);
        return Path.Combine(Shared.Samples!, "bootc");
    }

    [GeneratedRegex(@"^(\s*version: )(\d[\w.]*)$", RegexOptions.Multiline)]
    private static partial Regex Version();
}
