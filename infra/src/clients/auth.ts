// Sign-in: a Cognito user pool, or an external identity provider. The operator assigns tenants; users cannot choose.

import { Aws, Duration, Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as cognito from "aws-cdk-lib/aws-cognito";
import { Construct } from "constructs";

import { acknowledge } from "../constructs/nag-suppressions.ts";
import type { Settings } from "../settings.ts";

export interface Identities {
  issuer: string;
  audience: string;
  /** Where people sign in. */
  domain: string;
}

export class Auth extends Construct {
  /** Undefined with an external identity provider. */
  readonly pool: cognito.UserPool | undefined;
  /** The origin of the sign-in pages. */
  readonly domain: string;
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.settings = settings;
    if (settings.identities !== undefined) {
      this.domain = settings.identities.domain;
      return;
    }
    this.pool = this.users();
    // The name must be unique across AWS, so it contains the stack's unique id.
    const stack = Fn.select(4, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))));
    const domain = this.pool.addDomain("domain", {
      cognitoDomain: { domainPrefix: settings.loginPrefix ?? `riffle-${stack}` },
    });
    this.domain = settings.endpoint ?? domain.baseUrl();
  }

  /** Adds the page as a client of the pool. It is a public client: code flow with PKCE and no secret. */
  clientOf(pageUrl: string): Identities {
    if (this.pool === undefined) return this.settings.identities as Identities;
    const addresses = [pageUrl, ...this.settings.origins].map((origin) => `${origin}/`);
    const client = this.pool.addClient("page", {
      generateSecret: false,
      // For tests, which sign in without a browser.
      authFlows: { userSrp: true, adminUserPassword: this.settings.endpoint !== undefined },
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(1),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.PROFILE],
        callbackUrls: addresses,
        logoutUrls: addresses,
      },
      supportedIdentityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
      // A user with write access to the tenant attribute could choose the tenant.
      readAttributes: new cognito.ClientAttributes()
        .withStandardAttributes({ email: true, emailVerified: true, fullname: true })
        .withCustomAttributes("tenant"),
      writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true, fullname: true }),
    });
    // Same as the pool's attribute ProviderURL, which not every emulator supports.
    const issuer = `https://cognito-idp.${Stack.of(this).region}.${Aws.URL_SUFFIX}/${this.pool.userPoolId}`;
    return { issuer, audience: client.userPoolClientId, domain: this.domain };
  }

  private users(): cognito.UserPool {
    const pool = new cognito.UserPool(this, "pool", {
      selfSignUpEnabled: this.settings.selfSignUp,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      autoVerify: { email: true },
      standardAttributes: { email: { required: true, mutable: true } },
      customAttributes: { tenant: new cognito.StringAttribute({ minLen: 1, maxLen: 64, mutable: true }) },
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      mfa: cognito.Mfa.OPTIONAL,
      mfaSecondFactor: { sms: false, otp: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(pool, {
      "AwsSolutions-COG2": "A second factor is offered; the operator can require it in the pool.",
      "AwsSolutions-COG8": "The Plus plan is charged per user; only the operator creates accounts.",
    });
    return pool;
  }
}
