using Ostler.Controller.OSImages.Registry;

namespace Ostler.Controller.Tests.OSImages.Registry;

public sealed class AuthChallengeTests
{
    [Fact]
    public void A_challenge_is_read_with_the_commas_in_its_values()
    {
        var challenge = AuthChallenge.Of(
            "bearer", "realm=\"https://auth.example/token?a=b,c\",service=\"registry.example\" , scope=\"repository:acme/edge:pull,push\",error=invalid_token");

        Assert.True(challenge.Is("Bearer"));
        Assert.Equal("https://auth.example/token?a=b,c", challenge.Realm);
        Assert.Equal("registry.example", challenge.Service);
        Assert.Equal("repository:acme/edge:pull,push", challenge.Scope);
        Assert.Equal("invalid_token", challenge.Error);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("realm")]
    [InlineData("=x")]
    [InlineData("realm=\"unclosed")]
    [InlineData("\"\"\"")]
    [InlineData(",,,=,")]
    public void Nonsense_is_read_to_its_end(string? parameters) => Assert.Null(AuthChallenge.Of("Basic", parameters).Service);
}
