// @ts-check
import { SignUpElement } from './sign-up-element.js'

SignUpElement.define('gatehouse-sign-up')
