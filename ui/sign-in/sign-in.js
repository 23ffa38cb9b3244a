// @ts-check
import { SignInElement } from './sign-in-element.js'

SignInElement.define('gatehouse-sign-in')
