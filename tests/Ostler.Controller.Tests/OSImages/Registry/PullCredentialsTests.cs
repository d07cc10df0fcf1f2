using System.Text;
using Ostler.Controller.OSImages.Registry;

namespace Ostler.Controller.Tests.OSImages.Registry;

public sealed class PullCredentialsTests
{
    public static TheoryData<string, string, string, string?> Matches => new()
    {
        { "quay.io", "quay.io", "acme/edge", "quay.io" },
        { "quay.io/acme", "quay.io", "acme/edge", "quay.io/acme" },
        { "quay.io/acme", "quay.io", "acme", "quay.io/acme" },
        { "quay.io/acme", "quay.io", "acme-evil/edge", null },
        { "quay.io/acme", "quay.io", "other/edge", null },
        { "https://index.docker.io/v1/", "docker.io", "library/edge", "https://index.docker.io/v1/" },
        { "docker.io", "docker.io", "acme/edge", "docker.io" },
        { "https://registry.example:5000/v2/", "registry.example:5000", "edge", "https://registry.example:5000/v2/" },
        { "registry.example", "registry.example:5000", "edge", null },
        { "registry.example:5000", "registry.example", "edge", null },
        { "*.acme.example", "eu.acme.example", "edge", "*.acme.example" },
        { "*.acme.example", "acme.example", "edge", null },
        { "*.acme.example", "a.eu.acme.example", "edge", null },
        { "*.acme.example:5000", "eu.acme.example:5000", "edge", "*.acme.example:5000" },
        { "*.acme.example", "eu.acme.example:5000", "edge", null },
        { "reg-*.acme.example", "reg-1.acme.example", "edge", "reg-*.acme.example" },
        { "QUAY.io", "quay.io", "edge", "QUAY.io" },
        { "quay.io|quay.io/acme|quay.io/acme/edge", "quay.io", "acme/edge", "quay.io/acme/edge" },
        { "quay.io|quay.io/acme|quay.io/acme/edge", "quay.io", "acme/other", "quay.io/acme" },
        { "*.io|quay.io", "quay.io", "acme", "quay.io" },
    };

    [Theory]
    [MemberData(nameof(Matches))]
    public void The_longest_key_that_fits_counts(string keys, string host, string repository, string? chosen)
    {
        var entries = keys.Split('|').Select(k => $"\"{k}\":{{\"auth\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{k.Replace(':', '!')}:pw:d"))}\"}}");
        var read = Read($"{{\"auths\":{{{string.Join(',', entries)}}}}}", legacy: false);

        var credential = read.For(host, repository);

        Assert.Equal(chosen?.Replace(':', '!'), credential?.User);
        Assert.Equal(chosen is null ? null : "pw:d", credential?.Password);
    }

    [Fact]
    public void Name_and_password_may_stand_apart_and_an_identity_token_takes_their_place()
    {
        var read = Read("""{"quay.io":{"username":"u","password":"p"},"acr.example":{"auth":"MDA6","identitytoken":"t"}}""", legacy: true);

        Assert.Equal(new RegistryCredential("u", "p", null), read.For("quay.io", "x"));
        Assert.Equal("t", read.For("acr.example", "x")!.IdentityToken);
    }

    [Fact]
    public void A_credential_does_not_print_its_password() =>
        Assert.DoesNotContain("hunter2", new RegistryCredential("u", "hunter2", "hunter2").ToString(), StringComparison.Ordinal);

    [Fact]
    public void What_cannot_be_read_is_told_without_what_is_secret()
    {
        Assert.False(PullCredentials.TryRead("not json hunter2"u8, false, out _, out var problem));
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"auth":"hunter2!"}""", true)]
    [InlineData("""{"auth":"aHVudGVyMg=="}""", true)]
    [InlineData("""{"auth":7}""", true)]
    [InlineData("\"text\"", true)]
    [InlineData("[]", true)]
    [InlineData("{}", false)]
    [InlineData("null", false)]
    [InlineData("""{"username":"","password":"","auth":""}""", false)]
    [InlineData("""{"username":" ","password":" ","auth":" "}""", false)]
    [InlineData("""{"auth":"Og=="}""", false)]
    [InlineData("""{"auth":null,"identitytoken":""}""", false)]
    public void An_entry_without_a_credential_is_none_and_the_others_count(string entry, bool malformed)
    {
        var read = Read($$$$"""{"auths":{"https://quay.io/v1/":{{{{entry}}}},"quay.io/acme":{"auth":"dTpwdw=="}}}""", legacy: false);

        Assert.Null(read.For("quay.io", "other/edge"));
        Assert.Equal("u", read.For("quay.io", "acme/edge")!.User);
        Assert.Equal(malformed ? "https://quay.io/v1/" : null, read.MalformedFor("quay.io", "other/edge"));
        Assert.Equal(1, read.Count);
    }

    [Fact]
    public void Credentials_without_the_padding_of_base64_are_read_as_the_kubelet_does() =>
        Assert.Equal(new RegistryCredential("u", "pw", null), Read("""{"quay.io":{"auth":"dTpwdw"}}""", legacy: true).For("quay.io", "x"));

    [Fact]
    public void A_secret_without_entries_is_no_error_but_fits_nothing() => Assert.Null(Read("{}", legacy: false).For("quay.io", "x"));

    private static PullCredentials Read(string json, bool legacy)
    {
        Assert.True(PullCredentials.TryRead(Encoding.UTF8.GetBytes(json), legacy, out var read, out var problem), problem);
        return read;
    }
}
